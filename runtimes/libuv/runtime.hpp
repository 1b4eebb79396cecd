// SPDX-License-Identifier: MIT
// The libuv contestant: one uv_loop_t per runtime, driven as libuv's users drive it (uv_run until
// uv_stop, a handle per socket, callbacks), with coroutines on top: a callback resumes the task
// that awaited it, at once and inside the callback. Works with libuv 1.44 and later.
//
// How it differs from the other runtimes, and why:
// - Sleeps have libuv's resolution of 1 ms, rounded up, so none ends early.
// - Out of descriptors, libuv itself accepts and closes the connections that wait (it keeps a spare
//   descriptor for this): clients see the end of the stream, accept() sees nothing, accept_errors
//   stays 0.
// - Reading stays started between receives. What arrives while no task receives is kept, one buffer
//   at most; then reading is stopped until the task has taken it.
// - libuv writes without MSG_NOSIGNAL: the constructor ignores SIGPIPE for the process, as libuv's
//   guide tells its users to do, unless the process handles it.
// - Files are read by libuv's thread pool, one for the whole process (UV_THREADPOOL_SIZE, 4 threads
//   unless said otherwise); libuv 1.45 and later may use an io_uring of its own instead.
// - Cancelling a send that is under way closes its socket: libuv cannot take a write back.
//
// Threads: everything belongs to the thread that calls run(), or, before and after, to the owner;
// except request_stop() and metrics(): any.
// Cost: an echo round trip is a read and a write, plus its share of an epoll_wait; no allocation.
// Counting costs it one instruction; the rest is told once a turn of the loop.
#pragma once

#include <uv.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/ready_queue.hpp"
#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/task_counters.hpp"
#include "runtimes/libuv/operation.hpp"
#include "runtimes/libuv/timer_pool.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"

namespace tailrace::libuv {

class stream;
class listener;
class file;
class sleep_awaiter;
class yield_awaiter;

struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};

class runtime {
 public:
  static constexpr std::string_view id = "libuv";
  static constexpr bool single_threaded = true;
  static constexpr int coop_budget = 128;  // Tokio's; operations a task may complete in a row

  using stream = libuv::stream;
  using listener = libuv::listener;
  using file = libuv::file;
  using mutex_type = no_mutex;
  class completion;

  runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  // Streams and listeners are gone by now; awaits the close callbacks of their handles.
  ~runtime();

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter sleep_until(std::chrono::steady_clock::time_point deadline) noexcept;
  yield_awaiter yield() noexcept;
  void run(task<void> main);
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  // For scope<runtime>.
  void start(task_node& node) noexcept {
    counters_.tasks.spawned.add(1);
    ready_.push(node);
  }
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }
  void cancel(task_node& node) noexcept;

  // For the awaiters and handles of this folder.
  uv_loop_t& loop() noexcept { return loop_; }
  buffer_pool& buffers() noexcept { return buffers_; }
  timer_pool& timers() noexcept { return timers_; }
  void make_ready(runnable& item) noexcept { ready_.push(item); }
  static void suspend(operation& op, task_node& node) noexcept {
    op.node = &node;
    node.waiting = &op;
  }
  // Inside a callback of the loop only.
  void resume(operation& op) {
    op.node->waiting = nullptr;
    resume(op.handle);
  }
  void resume(std::coroutine_handle<> handle) {
    ++resumed_;
    budget_ = coop_budget;
    handle.resume();
  }
  // For an operation that is complete before it waited. True if its task has to wait all the same,
  // behind the others that are ready: it has completed enough in a row.
  bool takes_turns(operation& complete) noexcept {
    if (--budget_ > 0) [[likely]]
      return false;
    counters_.forced_yields.add(1);
    ready_.push(complete);
    return true;
  }
  void socket_opened() noexcept { counters_.open_descriptors.add(1); }
  void socket_released() noexcept { counters_.open_descriptors.subtract(1); }

 private:
  static void on_prepare(uv_prepare_t* handle);
  static void on_wake(uv_async_t* handle);
  void before_poll();
  void tell_counts() noexcept;

  // Written by the loop's thread, read by any.
  struct counters {
    single_writer_counter polls;             // times a task was resumed
    single_writer_counter parks;             // turns of the loop in which it waited
    single_writer_counter forced_yields;     // tasks sent to the back, their budget spent
    single_writer_counter open_descriptors;  // owned by a stream or listener
    single_writer_counter timers_armed;
    task_counters tasks;
  };

  uv_loop_t loop_;
  uv_async_t wake_;         // request_stop() from another thread
  uv_prepare_t prepare_;    // runs what is ready before each poll
  uv_idle_t keep_turning_;  // active while tasks are ready: the poll must not block
  timer_pool timers_;
  ready_queue ready_;
  buffer_pool buffers_;
  int budget_ = coop_budget;
  scope<runtime>* main_scope_ = nullptr;
  // release by request_stop(), acquire by on_wake(). Tells a stop from a spurious wake-up.
  atomic<bool> stop_requested_{false};
  std::uint64_t resumed_ = 0;  // tasks; the loop's own count of counters_.polls
  counters counters_;
};

// One-shot event for scope::join.
class runtime::completion {
 public:
  explicit completion(runtime& owner) noexcept : runtime_(owner) {}
  bool wait(task_node&, std::coroutine_handle<> handle) noexcept {
    item_.handle = handle;
    return true;  // set() comes later, from the last child, on this thread
  }
  void set() noexcept { runtime_.make_ready(item_); }

 private:
  runtime& runtime_;
  runnable item_;
};

class sleep_awaiter final : operation {
 public:
  sleep_awaiter(runtime& owner, std::chrono::steady_clock::time_point deadline) noexcept
      : operation(&abandon_sleep), runtime_(owner), deadline_(deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept { return result_; }

 private:
  bool begin(task_node& sleeper);
  static void abandon_sleep(operation& op) noexcept;

  runtime& runtime_;
  std::chrono::steady_clock::time_point deadline_;
  timer* timer_ = nullptr;
  io_result result_;
};

class yield_awaiter : runnable {
 public:
  explicit yield_awaiter(runtime& owner) noexcept : runtime_(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) noexcept {
    handle = self;
    runtime_.make_ready(*this);
  }
  void await_resume() const noexcept {}

 private:
  runtime& runtime_;
};

inline sleep_awaiter runtime::sleep_until(std::chrono::steady_clock::time_point deadline) noexcept {
  return {*this, deadline};
}
inline yield_awaiter runtime::yield() noexcept {
  return yield_awaiter(*this);
}

}  // namespace tailrace::libuv

#include "runtimes/libuv/file.hpp"
#include "runtimes/libuv/stream.hpp"
