// SPDX-License-Identifier: MIT
#include "runtimes/asio/runtime.hpp"

#include <boost/asio/post.hpp>
#include <cerrno>

#include "runtimes/base/check.hpp"

#if defined(__has_feature) && defined(BOOST_ASIO_DISABLE_EPOLL)
#if __has_feature(thread_sanitizer)
// Asio's io_uring service finds its own objects through the completion queue, where another thread
// had put them into the submission queue: an order that the kernel keeps and the sanitizer cannot
// see. Handlers run outside of these functions.
extern "C" const char* __tsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "race:boost::asio::detail::io_uring_service::run\n"
         "race:boost::asio::detail::io_uring_operation::prepare\n";
}
#endif
#endif

namespace tailrace::asio {

template <class Contexts>
basic_runtime<Contexts>::basic_runtime(options chosen)
    : options_(std::move(chosen)),
      context_(static_cast<int>(options_.threads)),  // the concurrency hint
      work_(context_.get_executor()),
      workers_(options_.threads) {
  if (Contexts::is_shared)
    TAILRACE_CHECK_VALUES(options_.threads > 0, options_.threads, 1);
  else
    TAILRACE_CHECK_VALUES(options_.threads == 1, options_.threads, 1);
}

template <class Contexts>
basic_runtime<Contexts>::~basic_runtime() {
  const std::uint64_t open = counters_.open_descriptors.get();
  TAILRACE_CHECK_VALUES(open == 0, open, 0);
  std::ptrdiff_t lent = 0;
  for (worker& each : workers_)
    lent += each.buffers.forget_lent();
  TAILRACE_CHECK_VALUES(lent == 0, lent, 0);  // else a lease outlives the runtime
}

template <class Contexts>
void basic_runtime<Contexts>::run(task<void> main) {
  scope<basic_runtime> main_scope(*this);
  main_scope_ = &main_scope;
  start_threads();
  main_scope.spawn(std::move(main));
  if (main_scope.notify_when_idle())
    work(0);  // until main's end stops the context
  else
    context_.stop();
  join_threads();
  TAILRACE_CHECK_VALUES(main_scope.live() == 0, main_scope.live(), 0);
  main_scope_ = nullptr;
  main_scope.rethrow_first_failure();
}

template <class Contexts>
void basic_runtime<Contexts>::start_threads() {
  try {
    for (std::uint32_t i = 1; i < options_.threads; ++i)
      threads_.emplace_back([this, i] { work(i); });
  } catch (...) {
    context_.stop();
    join_threads();
    throw;
  }
}

template <class Contexts>
void basic_runtime<Contexts>::join_threads() noexcept {
  for (std::thread& each : threads_)
    each.join();
  threads_.clear();
}

template <class Contexts>
void basic_runtime<Contexts>::work(std::uint32_t index) {
  if (options_.on_worker_start) options_.on_worker_start(index);
  if constexpr (Contexts::is_shared) worker::current = &workers_[index];
  context_.run();
  if constexpr (Contexts::is_shared) worker::current = nullptr;
}

template <class Contexts>
void basic_runtime<Contexts>::request_stop() noexcept {
  // Handlers run inside run() only, which changes main_scope_ before and after all of them.
  boost::asio::post(context_, [this] {
    if (main_scope_ != nullptr) main_scope_->request_stop();
  });
}

template <class Contexts>
void basic_runtime<Contexts>::start(task_node& node) {
  counters_.tasks.spawned.add(1);
  post(node.handle);
}

template <class Contexts>
void basic_runtime<Contexts>::post(std::coroutine_handle<> handle) {
  boost::asio::post(context_, [this, handle] {
    here().polls.add(1);
    handle.resume();
  });
}

template <class Contexts>
void basic_runtime<Contexts>::cancel(task_node& node) noexcept {
  operation* waiting = Contexts::claim(node);
  if (waiting != nullptr && !waiting->cancelled) {
    waiting->cancelled = true;
    if (waiting->cancel(*waiting)) waiting = nullptr;
  }
  Contexts::release(node, waiting);
}

template <class Contexts>
runtime_metrics basic_runtime<Contexts>::metrics() const {
  runtime_metrics metrics;
  for (const worker& each : workers_)
    metrics.workers.push_back({{"polls", each.polls.get()}});
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"open_descriptors", counters_.open_descriptors.get()});
  metrics.whole.push_back({"timers_armed", counters_.timers_armed.get()});
  return metrics;
}

template <class Contexts>
bool sleep_awaiter<Contexts>::begin(task_node& sleeper) {
  task_claim<Contexts> claim(sleeper, *this);
  if (claim.stop_requested()) {
    cancelled = true;
    return false;
  }
  timer_.async_wait([this](const boost::system::error_code&) {
    basic_runtime<Contexts>::woke(*this);
    runtime_.timer_done();
    runtime_.resume(*this);
  });
  runtime_.timer_armed();
  claim.sleep_in(*this);
  return true;
}

template class basic_runtime<per_core>;
template class basic_runtime<shared>;
template class sleep_awaiter<per_core>;
template class sleep_awaiter<shared>;

}  // namespace tailrace::asio
