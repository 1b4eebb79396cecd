// SPDX-License-Identifier: MIT
// The Boost.Asio contestants, with our coroutines on top: the completion handler of an asynchronous
// operation resumes the task that awaited it. Which of Asio's backends does the work is decided
// when Asio is compiled, so that there are two executables: `asio-epoll`, and `asio-uring`
// (BOOST_ASIO_HAS_IO_URING without epoll). Boost 1.78 or later. Each in two forms (contexts.hpp):
// - runtime: one io_context, run by one thread; concurrency hint 1.
// - shared_runtime: one io_context, run by N threads, as most users of Asio deploy it.
//
// How it differs from the other runtimes, and why:
// - A receive that waits holds a buffer of the pool (64 KiB, of which an idle connection has
// touched
//   one page): Asio receives into memory that the operation names. To wait for readiness first
//   would cost it an epoll_ctl a message, which would not be Asio's cost but ours.
// - Every completion goes through the io_context's queue, also one that was there at once. So no
//   session can starve the others, and no budget is needed.
// - Cancelling a receive or a send cancels what else waits on that socket.
//
// Threads: of `runtime`, everything belongs to the thread that calls run(), or, before and after,
// to the owner; of `shared_runtime`, to its tasks, on whichever of its threads. request_stop() and
// metrics(): any. Tasks may be spawned in `shared_runtime` by any thread (extensions.hpp).
// Cost: an echo round trip is a receive and a send of Asio's, with sockets that know their
// executor's type; no allocation (Asio keeps the memory of the last operations). A shared context
// adds, for each of the two, six atomic read-modify-writes that nobody contends for.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "runtimes/asio/contexts.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/pooled_read.hpp"
#include "runtimes/base/task_counters.hpp"
#include "runtimes/metrics.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"

namespace tailrace::asio {

template <class Contexts>
class basic_event;
template <class Contexts>
class basic_file;
template <class Contexts>
class basic_stream;
template <class Contexts>
class basic_listener;
template <class Contexts>
class sleep_awaiter;
template <class Contexts>
class yield_awaiter;

struct options {
  std::uint32_t threads = 1;  // that run the io_context; `runtime` has one
  // On each of them before it runs anything; null: nothing to do.
  std::function<void(std::uint32_t index)> on_worker_start;
  // asio-epoll reads files on a pool of that many threads; mode automatic is as pool.
  file_options files = {};
};

template <class Contexts>
class basic_runtime {
 public:
#if defined(BOOST_ASIO_HAS_IO_URING) && defined(BOOST_ASIO_DISABLE_EPOLL)
  static constexpr std::string_view id = "asio-uring";
  static constexpr std::string_view backend = "io_uring";
#else
  static constexpr std::string_view id = "asio-epoll";
  static constexpr std::string_view backend = "epoll";
#endif
  static constexpr bool single_threaded = !Contexts::is_shared;
  static constexpr bool has_own_workers = Contexts::is_shared;
  static constexpr bool spawns_from_any_thread = Contexts::is_shared;

  using context = boost::asio::io_context;
  using stream = basic_stream<Contexts>;
  using listener = basic_listener<Contexts>;
  using event = basic_event<Contexts>;
  using file = basic_file<Contexts>;
  using mutex_type = Contexts::scope_mutex;
  class completion;

  // Throws std::system_error where the kernel refuses what the backend needs.
  explicit basic_runtime(options chosen = {});
  basic_runtime(const basic_runtime&) = delete;
  basic_runtime& operator=(const basic_runtime&) = delete;
  // Streams and listeners are gone by now.
  ~basic_runtime();

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter<Contexts> sleep_until(std::chrono::steady_clock::time_point deadline);
  yield_awaiter<Contexts> yield() noexcept;
  // Throws std::system_error where no thread can be had.
  void run(task<void> main);
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  // For scope<basic_runtime>.
  void start(task_node& node);
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }
  void cancel(task_node& node) noexcept;

  // For the awaiters and sockets of this folder.
  boost::asio::io_context& io() noexcept { return context_; }
  // By a task or a handler.
  worker& here() noexcept {
    if constexpr (Contexts::is_shared)
      return *worker::current;
    else
      return workers_.front();
  }
  // The handle runs in its turn.
  void post(std::coroutine_handle<> handle);
  // By an operation's handler, first of all: from now on nobody else touches the operation.
  static void woke(operation& op) noexcept {
    Contexts::claim(*op.node);
    Contexts::release(*op.node, nullptr);
  }
  // By an operation's handler, last of all: goes on with the task.
  void resume(operation& op) {
    here().polls.add(1);
    op.handle.resume();
  }
  // By a handler of an operation that no stop can reach.
  void resume(std::coroutine_handle<> handle) {
    here().polls.add(1);
    handle.resume();
  }
  // Requires an open file.
  boost::asio::thread_pool& file_threads() noexcept { return *file_threads_; }
  Contexts::scope_mutex& file_mutex() noexcept { return file_mutex_; }
  void timer_armed() noexcept { counters_.timers_armed.add(1); }
  void timer_done() noexcept { counters_.timers_armed.subtract(1); }
  void socket_opened() noexcept { counters_.open_descriptors.add(1); }
  void socket_closed() noexcept { counters_.open_descriptors.subtract(1); }

 private:
  // Written by the threads that run tasks, read by any.
  struct counters {
    Contexts::counter open_descriptors;  // owned by a stream or listener
    Contexts::counter timers_armed;
    basic_task_counters<typename Contexts::counter> tasks;
  };

  void start_threads();
  void join_threads() noexcept;
  void work(std::uint32_t index);

  const options options_;
  context context_;
  boost::asio::executor_work_guard<context::executor_type> work_;  // run() waits for main's end
  std::vector<worker> workers_;
  std::vector<std::thread> threads_;                        // all but that of run()
  std::unique_ptr<boost::asio::thread_pool> file_threads_;  // made with the first file
  Contexts::scope_mutex file_mutex_;  // Asio's files are not to be used by two threads at once
  scope<basic_runtime>* main_scope_ = nullptr;
  counters counters_;
};

// One-shot event for scope::join: null, `is_set`, or the handle of who waits. That of the main
// scope has nobody who waits: its end is the runtime's.
template <class Contexts>
class basic_runtime<Contexts>::completion {
 public:
  explicit completion(basic_runtime& owner) noexcept : runtime_(owner) {}

  bool wait(task_node&, std::coroutine_handle<> handle) noexcept {
    void* seen = nullptr;
    // acq_rel: release publishes the frame to set(); acquire pairs with set() where it came first.
    if (state_.compare_exchange_strong(seen, handle.address(), std::memory_order_acq_rel))
      return true;
    state_.store(nullptr, std::memory_order_relaxed);  // relaxed: nobody else uses it until joined
    return false;
  }
  void set() noexcept {
    if (runtime_.main_scope_ != nullptr && &runtime_.main_scope_->idle_ == this)
      return runtime_.context_.stop();
    void* seen = nullptr;
    // acq_rel: pairs with wait().
    if (state_.compare_exchange_strong(seen, &is_set_, std::memory_order_acq_rel)) return;
    state_.store(nullptr, std::memory_order_relaxed);  // relaxed: post() publishes it
    runtime_.post(std::coroutine_handle<>::from_address(seen));
  }

 private:
  static inline char is_set_;  // only its address counts

  basic_runtime& runtime_;
  atomic<void*> state_{nullptr};
};

template <class Contexts>
class yield_awaiter {
 public:
  explicit yield_awaiter(basic_runtime<Contexts>& owner) noexcept : runtime_(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) { runtime_.post(self); }
  void await_resume() const noexcept {}

 private:
  basic_runtime<Contexts>& runtime_;
};

template <class Contexts>
yield_awaiter<Contexts> basic_runtime<Contexts>::yield() noexcept {
  return yield_awaiter<Contexts>(*this);
}

using runtime = basic_runtime<per_core>;
using shared_runtime = basic_runtime<shared>;

}  // namespace tailrace::asio

#include "runtimes/asio/event.hpp"
#include "runtimes/asio/file.hpp"
#include "runtimes/asio/sleep.hpp"
#include "runtimes/asio/stream.hpp"
