// SPDX-License-Identifier: MIT
#include "runtimes/libuv/runtime.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

#include "runtimes/base/check.hpp"

namespace tailrace::libuv {
namespace {

// While tasks keep each other ready, look for I/O after this many of them (Tokio: 61).
constexpr std::size_t ready_per_turn = 61;

void check(int result) noexcept {
  TAILRACE_CHECK_VALUES(result == 0, result, 0);
}

void ignore_broken_pipes() noexcept {
  struct sigaction now{};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
    std::signal(SIGPIPE, SIG_IGN);
}

template <class Handle>
void close_handle(Handle& handle) noexcept {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), nullptr);
}

}  // namespace

runtime::runtime() : timers_(loop_, *this) {
  ignore_broken_pipes();
  check(uv_loop_init(&loop_));
  check(uv_async_init(&loop_, &wake_, &on_wake));
  check(uv_prepare_init(&loop_, &prepare_));
  check(uv_idle_init(&loop_, &keep_turning_));
  wake_.data = prepare_.data = this;
  check(uv_prepare_start(&prepare_, &on_prepare));
}

runtime::~runtime() {
  TAILRACE_CHECK(ready_.empty());
  const std::uint64_t open = counters_.open_descriptors.get();
  TAILRACE_CHECK_VALUES(open == 0, open, 0);
  close_handle(wake_);
  close_handle(prepare_);
  close_handle(keep_turning_);
  timers_.close();
  check(uv_run(&loop_, UV_RUN_DEFAULT));  // 0: no handle is left
  check(uv_loop_close(&loop_));
}

void runtime::run(task<void> main) {
  scope<runtime> main_scope(*this);
  main_scope_ = &main_scope;
  main_scope.spawn(std::move(main));
  uv_run(&loop_, UV_RUN_DEFAULT);  // until before_poll() stops it
  TAILRACE_CHECK_VALUES(main_scope.live() == 0, main_scope.live(), 0);
  tell_counts();
  main_scope_ = nullptr;
  main_scope.rethrow_first_failure();
}

void runtime::request_stop() noexcept {
  // release: pairs with the acquire load in on_wake().
  stop_requested_.store(true, std::memory_order_release);
  check(uv_async_send(&wake_));
}

void runtime::tell_counts() noexcept {
  counters_.polls.set(resumed_);
  counters_.timers_armed.set(timers_.armed());
}

runtime_metrics runtime::metrics() const {
  runtime_metrics metrics;
  metrics.workers.push_back({{"polls", counters_.polls.get()},
                             {"parks", counters_.parks.get()},
                             {"forced_yields", counters_.forced_yields.get()}});
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"open_descriptors", counters_.open_descriptors.get()});
  metrics.whole.push_back({"timers_armed", counters_.timers_armed.get()});
  return metrics;
}

void runtime::cancel(task_node& node) noexcept {
  if (node.waiting == nullptr) return;
  operation& op = *static_cast<operation*>(node.waiting);
  node.waiting = nullptr;
  op.abandon(op);
  ready_.push(op);
}

void runtime::on_wake(uv_async_t* handle) {
  runtime& self = *static_cast<runtime*>(handle->data);
  // acquire: pairs with the release store in request_stop().
  const bool stopped = self.stop_requested_.load(std::memory_order_acquire);
  if (stopped && self.main_scope_ != nullptr) self.main_scope_->request_stop();
}

void runtime::on_prepare(uv_prepare_t* handle) {
  runtime& self = *static_cast<runtime*>(handle->data);
  if (self.main_scope_ != nullptr) self.before_poll();
}

void runtime::before_poll() {
  std::size_t ran = 0;
  for (; ran < ready_per_turn && !ready_.empty(); ++ran) {
    budget_ = coop_budget;
    ready_.pop().handle.resume();
  }
  resumed_ += ran;
  tell_counts();
  if (main_scope_->live() == 0) uv_stop(&loop_);
  if (ready_.empty()) {
    counters_.parks.add(1);
    uv_idle_stop(&keep_turning_);
  } else {
    uv_idle_start(&keep_turning_, [](uv_idle_t*) {});
  }
}

bool sleep_awaiter::begin(task_node& sleeper) {
  if (sleeper.owner->stop_requested()) {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  timer_ = &runtime_.timers().start(*this, deadline_);
  runtime::suspend(*this, sleeper);
  return true;
}

void sleep_awaiter::abandon_sleep(operation& op) noexcept {
  auto& sleeper = static_cast<sleep_awaiter&>(op);
  sleeper.runtime_.timers().stop(*sleeper.timer_);
  sleeper.result_ = io_result::of_error(ECANCELED);
}

}  // namespace tailrace::libuv
