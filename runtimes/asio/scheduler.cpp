// SPDX-License-Identifier: MIT
#include "runtimes/asio/scheduler.hpp"

#include <boost/asio/post.hpp>
#include <mutex>

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
basic_scheduler<Contexts>::basic_scheduler(options chosen)
    : options_(std::move(chosen)),
      context_(static_cast<int>(options_.threads)),  // the concurrency hint
      work_(context_.get_executor()),
      workers_(options_.threads) {
  if (Contexts::is_shared)
    TAILRACE_CHECK_VALUES(options_.threads > 0, options_.threads, 1);
  else
    TAILRACE_CHECK_VALUES(options_.threads == 1, options_.threads, 1);
  TAILRACE_CHECK_VALUES(options_.buffers.bytes > 0, options_.buffers.bytes, 1);
  if (options_.buffers.lent)
    TAILRACE_CHECK_VALUES(options_.buffers.bytes <= buffer_pool::buffer_bytes,
                          options_.buffers.bytes, buffer_pool::buffer_bytes);
}

template <class Contexts>
basic_scheduler<Contexts>::~basic_scheduler() {
  const std::uint64_t open = counters_.open_descriptors.get();
  TAILRACE_CHECK_VALUES(open == 0, open, 0);
  std::ptrdiff_t lent = 0;
  for (worker& each : workers_)
    lent += each.buffers.forget_lent();
  TAILRACE_CHECK_VALUES(lent == 0, lent, 0);  // else a lease outlives the runtime
}

template <class Contexts>
void basic_scheduler<Contexts>::start_threads(scope_base& main) {
  main_scope_ = &main;
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
void basic_scheduler<Contexts>::work_until_ended() {
  work(0);
  join_threads();
  main_scope_ = nullptr;
}

template <class Contexts>
void basic_scheduler<Contexts>::join_threads() noexcept {
  for (std::thread& each : threads_)
    each.join();
  threads_.clear();
}

template <class Contexts>
void basic_scheduler<Contexts>::work(std::uint32_t index) {
  if (options_.on_worker_start) options_.on_worker_start(index);
  worker::current = &workers_[index];
  context_.run();
  worker::current = nullptr;
}

template <class Contexts>
void basic_scheduler<Contexts>::request_stop() noexcept {
  // Handlers run in work() only, and main_scope_ is changed before and after all of them.
  boost::asio::post(context_, [this] {
    if (main_scope_ != nullptr) main_scope_->request_stop();
  });
}

template <class Contexts>
void basic_scheduler<Contexts>::post(std::coroutine_handle<> handle) {
  boost::asio::post(context_, [this, handle] {
    here().polls.add(1);
    handle.resume();
  });
}

template <class Contexts>
void basic_scheduler<Contexts>::cancel(task_node& node) noexcept {
  operation* waiting = Contexts::claim(node);
  if (waiting != nullptr && !waiting->cancelled) {
    waiting->cancelled = true;
    if (waiting->cancel(*waiting)) waiting = nullptr;
  }
  Contexts::release(node, waiting);
}

template <class Contexts>
runtime_metrics basic_scheduler<Contexts>::metrics() const {
  runtime_metrics metrics;
  for (const worker& each : workers_)
    metrics.workers.push_back({{"polls", each.polls.get()}});
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"open_descriptors", counters_.open_descriptors.get()});
  metrics.whole.push_back({"timers_armed", counters_.timers_armed.get()});
  return metrics;
}

template <class Contexts>
void basic_scheduler<Contexts>::need_file_threads() {
  const std::lock_guard lock(file_mutex_);
  if (file_threads_ == nullptr)
    file_threads_ = std::make_unique<boost::asio::thread_pool>(options_.files.threads);
}

template class basic_scheduler<per_core>;
template class basic_scheduler<shared>;

}  // namespace tailrace::asio
