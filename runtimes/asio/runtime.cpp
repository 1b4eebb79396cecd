// SPDX-License-Identifier: MIT
#include "asio/runtime.hpp"

#include <boost/asio/post.hpp>
#include <cerrno>

#include "base/check.hpp"

namespace tailrace::asio {

runtime::runtime(file_options files)
    : context_(1), work_(context_.get_executor()), file_options_(files) {}

runtime::~runtime() {
  const std::uint64_t open = counters_.open_descriptors.get();
  TAILRACE_CHECK_VALUES(open == 0, open, 0);
}

void runtime::run(task<void> main) {
  scope<runtime> main_scope(*this);
  main_scope_ = &main_scope;
  main_scope.spawn(std::move(main));
  if (main_scope.notify_when_idle()) context_.run();  // until main's end stops it
  TAILRACE_CHECK_VALUES(main_scope.live() == 0, main_scope.live(), 0);
  main_scope_ = nullptr;
  main_scope.rethrow_first_failure();
}

void runtime::request_stop() noexcept {
  // Handlers run on the thread of run() only, so that main_scope_ needs no lock.
  boost::asio::post(context_, [this] {
    if (main_scope_ != nullptr) main_scope_->request_stop();
  });
}

void runtime::start(task_node& node) {
  counters_.tasks.spawned.add(1);
  post(node.handle);
}

void runtime::post(std::coroutine_handle<> handle) {
  boost::asio::post(context_, [this, handle] {
    counters_.polls.add(1);
    handle.resume();
  });
}

void runtime::cancel(task_node& node) noexcept {
  if (node.waiting == nullptr) return;
  operation& op = *static_cast<operation*>(node.waiting);
  if (op.cancelled) return;
  op.cancelled = true;
  op.cancel(op);
}

runtime_metrics runtime::metrics() const {
  runtime_metrics metrics;
  metrics.workers.push_back({{"polls", counters_.polls.get()}});
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"open_descriptors", counters_.open_descriptors.get()});
  metrics.whole.push_back({"timers_armed", counters_.timers_armed.get()});
  return metrics;
}

bool sleep_awaiter::begin(task_node& sleeper) {
  if (sleeper.owner->stop_requested()) {
    cancelled = true;
    return false;
  }
  timer_.async_wait([this](const boost::system::error_code&) {
    runtime_.timer_done();
    runtime_.resume(*this);
  });
  runtime_.timer_armed();
  runtime::suspend(*this, sleeper);
  return true;
}

void sleep_awaiter::cancel_timer(operation& op) noexcept {
  static_cast<sleep_awaiter&>(op).timer_.cancel();
}

}  // namespace tailrace::asio
