// SPDX-License-Identifier: MIT
// The local executor: one thread, one epoll, no locks and no atomic read-modify-write on any path
// that a task takes. Thread per core = several of these, each with its own listener on a shared
// port.
//
// A turn of the loop: run what is ready, take events, try the operations that waited for them and
// resume their tasks at once, then expire timers. Operations try the system call first and suspend
// only when it would block. A task that always succeeds at once is sent to the back after
// coop_budget operations.
//
// Reads of files that must wait for the device run on a blocking pool of the runtime's own, whose
// threads hand them back through a list and the eventfd.
//
// Threads: everything belongs to the thread that calls run(), except request_stop() and metrics().
// Cost: an awaited operation stores four words; a system call; no allocation. Events are counted a
// batch at a time, so that no operation pays for metrics().
// Sources: smol's LocalExecutor (no atomics on the local path), Tokio's coop budget, nginx's
// deferred recycling of connections against stale events.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/finished_calls.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/pooled_read.hpp"
#include "runtimes/base/ready_queue.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/base/task_counters.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/local/counters.hpp"
#include "runtimes/local/socket_slot.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"

namespace tailrace::local {

class stream;
class listener;
class event;
class file;
class sleep_awaiter;
class yield_awaiter;

struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};

// How descriptors are registered with epoll: once, or armed anew for each event (EPOLLONESHOT).
enum class registration : std::uint8_t { once, oneshot };

class runtime {
 public:
  static constexpr std::string_view id = "local";
  static constexpr bool single_threaded = true;
  static constexpr int coop_budget = 128;  // Tokio's; operations a task may complete in a row

  using stream = local::stream;
  using listener = local::listener;
  using event = local::event;
  using file = local::file;
  using mutex_type = no_mutex;
  class completion;

  // window: how late a timer may fire so that others fire with it (base/timer_window.hpp).
  explicit runtime(registration how = registration::once, file_options files = {},
                   std::chrono::nanoseconds window = timer_window::default_length);
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
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

  // For the awaiters of this folder.
  void make_ready(runnable& item) noexcept { ready_.push(item); }
  // Takes the descriptor; where it cannot be watched, closes it and says why (ENOMEM, ENOSPC).
  std::expected<socket_slot*, int> register_socket(int fd);
  void close_socket(socket_slot& slot) noexcept;
  // The task sleeps until an event makes the operation succeed, or it is cancelled.
  static void wait_to_receive(socket_slot& slot, operation& op, task_node& node) noexcept {
    TAILRACE_DCHECK(slot.receiver == nullptr);
    slot.receiver = &op;
    op.node = &node;
    node.waiting = &op;
  }
  static void wait_to_send(socket_slot& slot, operation& op, task_node& node) noexcept {
    TAILRACE_DCHECK(slot.sender == nullptr);
    slot.sender = &op;
    op.node = &node;
    node.waiting = &op;
  }
  // Where the slot is registered one-shot: it is armed for what waits in it. A system call.
  void arm(socket_slot& slot) noexcept;
  // True if the running task may complete another operation without going through the loop.
  bool within_budget() noexcept { return --budget_ > 0; }
  // The slot's operation is attempted again in the next turn although no event will come.
  void retry_later(socket_slot& slot) noexcept;
  blocking_pool& blocking() noexcept { return blocking_; }
  // By a thread of the pool: the task of this call may run. The call may be gone on return.
  void call_finished(blocking_call& call) noexcept;
  buffer_pool& buffers() noexcept { return buffers_; }
  timer_heap& timers() noexcept { return timers_; }

 private:
  void turn();
  void run_ready();
  void take_events();
  template <registration How>
  void dispatch_all(std::span<const epoll_event> events) noexcept;
  void dispatch(socket_slot& slot, std::uint32_t events) noexcept;
  void dispatch_oneshot(socket_slot& slot, std::uint32_t events) noexcept;
  void dispatch_unusual(socket_slot& slot, std::uint32_t events) noexcept;
  void attempt_receiver(socket_slot& slot) noexcept;
  void attempt_sender(socket_slot& slot) noexcept;
  void resume(operation& op) noexcept;
  void run_retries() noexcept;
  void expire_timers() noexcept;
  void woken() noexcept;
  void take_finished_calls() noexcept;
  void recycle_closed() noexcept;

  registration registration_;
  file_mode file_mode_;
  sys::descriptor epoll_;
  sys::descriptor wake_;  // eventfd: request_stop() and call_finished() from other threads
  finished_calls finished_;
  blocking_pool blocking_;  // after what its threads use: they end before it goes
  ready_queue ready_;
  timer_heap timers_;
  timer_window window_;
  slot_pool slots_;
  buffer_pool buffers_;
  socket_slot* closed_ = nullptr;  // closed in this turn; events of this batch may still name them
  socket_slot* retries_ = nullptr;
  int budget_ = coop_budget;
  scope<runtime>* main_scope_ = nullptr;
  // release by request_stop(), acquire by turn() after it drained wake_. The eventfd orders them
  // too; the flag tells a stop from a spurious wake-up.
  atomic<bool> stop_requested_{false};
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

class sleep_awaiter final : operation,
                            timer_node {  // timer_node fills half a word; cancelled_ the rest
 public:
  sleep_awaiter(runtime& owner, std::chrono::steady_clock::time_point deadline) noexcept
      : operation(sleep_kind), runtime_(owner), deadline_(deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : io_result();
  }

 private:
  friend class runtime;
  static const operation_kind sleep_kind;
  bool begin(task_node& sleeper);
  static void abandon(operation& op) noexcept;

  bool cancelled_ = false;
  runtime& runtime_;
  std::chrono::steady_clock::time_point deadline_;
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

}  // namespace tailrace::local

#include "runtimes/local/event.hpp"
#include "runtimes/local/file.hpp"
#include "runtimes/local/stream.hpp"
