// SPDX-License-Identifier: MIT
// The Boost.Asio contestants: one io_context per runtime, run by one thread, with our coroutines on
// top: the completion handler of an asynchronous operation resumes the task that awaited it. Which
// of Asio's backends does the work is decided when Asio is compiled, so that there are two
// executables: `asio-epoll`, and `asio-uring` (BOOST_ASIO_HAS_IO_URING without epoll). Boost 1.78
// or later.
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
// Threads: everything belongs to the thread that calls run(), or, before and after, to the owner;
// except request_stop() and metrics(): any.
// Cost: an echo round trip is a receive and a send of Asio's, with concurrency hint 1 and sockets
// that know their executor's type; no allocation (Asio keeps the memory of the last operations).
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <coroutine>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer_pool.hpp"
#include "base/endpoint.hpp"
#include "base/file_calls.hpp"
#include "base/owned_counter.hpp"
#include "base/pooled_read.hpp"
#include "base/task_counters.hpp"
#include "metrics.hpp"
#include "scope.hpp"
#include "task.hpp"

namespace tailrace::asio {

class event;
class file;
class stream;
class listener;
class sleep_awaiter;
class yield_awaiter;

struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};

// Something a task sleeps in: lives in the awaiter, hence in the task's frame, which lives until
// Asio has called the handler: there is one call for each operation, also for a cancelled one.
struct operation {
  // Asks Asio to end it; its handler comes later, and `cancelled` tells it what to make of it.
  using cancel_function = void (*)(operation&) noexcept;

  explicit operation(cancel_function how) noexcept : cancel(how) {}

  cancel_function cancel;
  task_node* node = nullptr;
  std::coroutine_handle<> handle;
  bool cancelled = false;
};

class runtime {
 public:
#if defined(BOOST_ASIO_HAS_IO_URING) && defined(BOOST_ASIO_DISABLE_EPOLL)
  static constexpr std::string_view id = "asio-uring";
  static constexpr std::string_view backend = "io_uring";
#else
  static constexpr std::string_view id = "asio-epoll";
  static constexpr std::string_view backend = "epoll";
#endif
  static constexpr bool single_threaded = true;

  using context = boost::asio::io_context;
  using stream = asio::stream;
  using listener = asio::listener;
  using event = asio::event;
  using file = asio::file;
  using mutex_type = no_mutex;
  class completion;

  // Throws std::system_error where the kernel refuses what the backend needs.
  // files: asio-epoll reads them on a pool of that many threads; mode automatic is as pool.
  explicit runtime(file_options files = {});
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  // Streams and listeners are gone by now.
  ~runtime();

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter sleep_until(std::chrono::steady_clock::time_point deadline);
  yield_awaiter yield() noexcept;
  void run(task<void> main);
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  // For scope<runtime>.
  void start(task_node& node);
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }
  void cancel(task_node& node) noexcept;

  // For the awaiters and sockets of this folder.
  boost::asio::io_context& io() noexcept { return context_; }
  buffer_pool& buffers() noexcept { return buffers_; }
  // The handle runs in its turn.
  void post(std::coroutine_handle<> handle);
  static void suspend(operation& op, task_node& node) noexcept {
    op.node = &node;
    node.waiting = &op;
  }
  // By an operation's handler: goes on with the task.
  void resume(operation& op) {
    counters_.polls.add(1);
    op.node->waiting = nullptr;
    op.handle.resume();
  }
  // By a handler of an operation that no stop can reach.
  void resume(std::coroutine_handle<> handle) {
    counters_.polls.add(1);
    handle.resume();
  }
  // Requires an open file.
  boost::asio::thread_pool& file_threads() noexcept { return *file_threads_; }
  void timer_armed() noexcept { counters_.timers_armed.add(1); }
  void timer_done() noexcept { counters_.timers_armed.subtract(1); }
  void socket_opened() noexcept { counters_.open_descriptors.add(1); }
  void socket_closed() noexcept { counters_.open_descriptors.subtract(1); }

 private:
  // Written by the runtime's thread, read by any.
  struct counters {
    owned_counter polls;             // times a task was resumed
    owned_counter open_descriptors;  // owned by a stream or listener
    owned_counter timers_armed;
    task_counters tasks;
  };

  context context_;
  boost::asio::executor_work_guard<context::executor_type> work_;  // run() waits for main's end
  buffer_pool buffers_;
  file_options file_options_;
  std::unique_ptr<boost::asio::thread_pool> file_threads_;  // made with the first file
  scope<runtime>* main_scope_ = nullptr;
  counters counters_;
};

// One-shot event for scope::join. That of the main scope has nobody who waits: its end is the
// runtime's.
class runtime::completion {
 public:
  explicit completion(runtime& owner) noexcept : runtime_(owner) {}
  bool wait(task_node&, std::coroutine_handle<> handle) noexcept {
    handle_ = handle;
    return true;  // set() comes later, from the last child, on this thread
  }
  void set() noexcept {
    if (runtime_.main_scope_ != nullptr && &runtime_.main_scope_->idle_ == this)
      runtime_.context_.stop();
    else
      runtime_.post(handle_);
  }

 private:
  runtime& runtime_;
  std::coroutine_handle<> handle_;
};

class sleep_awaiter final : operation {
 public:
  sleep_awaiter(runtime& owner, std::chrono::steady_clock::time_point deadline)
      : operation(&cancel_timer), runtime_(owner), timer_(owner.io(), deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept {
    return cancelled ? io_result::of_error(ECANCELED) : io_result();
  }

 private:
  using timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        runtime::context::executor_type>;

  bool begin(task_node& sleeper);
  static void cancel_timer(operation& op) noexcept;

  runtime& runtime_;
  timer timer_;
};

class yield_awaiter {
 public:
  explicit yield_awaiter(runtime& owner) noexcept : runtime_(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) { runtime_.post(self); }
  void await_resume() const noexcept {}

 private:
  runtime& runtime_;
};

inline sleep_awaiter runtime::sleep_until(std::chrono::steady_clock::time_point deadline) {
  return {*this, deadline};
}
inline yield_awaiter runtime::yield() noexcept {
  return yield_awaiter(*this);
}

}  // namespace tailrace::asio

#include "asio/event.hpp"
#include "asio/file.hpp"
#include "asio/stream.hpp"
