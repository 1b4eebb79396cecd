// SPDX-License-Identifier: MIT
// The work-stealing runtime: N workers, each with a queue that the others steal from, over epoll.
// Tasks move between threads; nothing else about them changes. README.md in this folder tells the
// protocols (waking, reactor, cancellation, shutdown) and the measured defaults.
//
// Threads: request_stop(), metrics() and set() of events: any (the latter where
// options.foreign_threads says so); run(): the owner, who becomes worker 0; everything else: tasks
// of this runtime. Cost of an echo with one worker: see local/, plus a queue's push and pop; no
// atomic read-modify-write is needed where a runtime has one worker. Sources: Tokio's
// multi-threaded scheduler and Go's, rules in worker.hpp and base/parking.hpp; Go's netpoll for
// readiness (base/readiness.hpp).
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/blocking_pool.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/inject_queue.hpp"
#include "runtimes/base/parking.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/metrics.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/steal/options.hpp"
#include "runtimes/steal/reactor.hpp"
#include "runtimes/steal/socket_slot.hpp"
#include "runtimes/steal/stall_detector.hpp"
#include "runtimes/steal/worker.hpp"
#include "runtimes/task.hpp"

namespace tailrace::steal {

class stream;
class listener;
class sleep_awaiter;
class yield_awaiter;
class event;
class file;
template <class Callable>
class blocking_awaiter;

class runtime {
 public:
  static constexpr std::string_view id = "steal";
  static constexpr bool single_threaded = false;
  static constexpr bool has_own_workers = true;
  static constexpr bool has_distributions = true;       // where options.measure_tasks says so
  static constexpr bool spawns_from_any_thread = true;  // where options.foreign_threads says so

  using stream = steal::stream;
  using listener = steal::listener;
  using event = steal::event;
  using file = steal::file;
  class mutex_type;
  class completion;

  // Throws std::system_error where the kernel refuses an epoll or an eventfd.
  explicit runtime(options chosen = {});
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime();

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter sleep_until(std::chrono::steady_clock::time_point deadline) noexcept;
  yield_awaiter yield() noexcept;
  template <class Callable>
  blocking_awaiter<Callable> run_blocking(Callable callable);
  // Throws std::system_error where no thread can be had for a worker.
  void run(task<void> main);
  void request_stop() noexcept;
  runtime_metrics metrics() const;
  // Null where options.stall_threshold is 0.
  const stall_detector* stalls() const noexcept { return stalls_.get(); }

  // For scope<runtime>.
  void start(task_node& node) noexcept;
  void cancel(task_node& node) noexcept;
  void task_ended(bool failed, bool stopped) noexcept;

  // For the awaiters of this folder. Any thread: the task may run now.
  void schedule(task_node& node) noexcept;
  blocking_pool& blocking() noexcept { return blocking_; }
  bool alone() const noexcept { return alone_; }
  // Takes the descriptor; where it cannot be watched, closes it and says why (ENOMEM, ENOSPC).
  std::expected<socket_slot*, int> register_socket(int fd);
  void close_socket(socket_slot& slot) noexcept;  // again: does nothing
  void release_socket(socket_slot& slot) noexcept { slots_.release(slot, alone_); }
  void unref(socket_slot& slot) noexcept { slots_.unref(slot, alone_); }

  const options& chosen() const noexcept { return options_; }
  std::span<const std::unique_ptr<worker>> workers() const noexcept { return workers_; }

 private:
  friend class worker;

  void work(std::uint32_t index) noexcept;
  void end_workers() noexcept;
  void main_ended() noexcept;
  // A wake-up was claimed: reach one sleeper.
  void wake_sleeper() noexcept;
  // The reactor's wake-up came to a worker.
  void on_wake_event(worker& at, bool was_parked) noexcept;
  bool ended() const noexcept {
    // acquire: pairs with the release in end_workers().
    return ended_.load(std::memory_order_acquire);
  }
  // Is there anything that an idle worker must do in the place of a busy one?
  bool needs_watch() const noexcept { return watch_always_ || armed_timers(); }
  bool armed_timers() const noexcept;

  const options options_;
  const bool alone_;         // one thread only: no atomic read-modify-write needed
  const bool watch_always_;  // reactor per worker, or a stealable LIFO slot
  parking parking_;
  inject_queue shared_;
  std::vector<std::unique_ptr<reactor>> reactors_;
  std::vector<std::unique_ptr<worker>> workers_;
  slot_pool slots_;
  blocking_pool blocking_;
  std::vector<std::thread> threads_;
  std::unique_ptr<stall_detector> stalls_;  // null where options.stall_threshold is 0
  scope<runtime>* main_scope_ = nullptr;    // set before the workers run
  atomic<std::uint32_t> next_reactor_{0};
  // acq_rel by exchange: one watcher at a time, and what it wrote is seen by the next.
  atomic<bool> watcher_{false};
  // release by request_stop(), acquire by the worker that takes the wake-up.
  atomic<bool> stop_requested_{false};
  atomic<bool> stop_passed_on_{false};
  atomic<bool> ended_{false};
  // By threads that are no workers. relaxed: statistics.
  atomic<std::uint64_t> spawned_outside_{0};
  atomic<std::uint64_t> remote_schedules_{0};
};

class runtime::mutex_type : public spinlock {
 public:
  explicit mutex_type(runtime& owner) noexcept : spinlock(owner.alone()) {}
};

// One-shot event for scope::join: null, `is_set`, or who waits. The main scope has nobody who
// waits: its end is the runtime's.
class runtime::completion {
 public:
  explicit completion(runtime& owner) noexcept : runtime_(owner) {}

  bool wait(task_node& joiner, std::coroutine_handle<> handle) noexcept {
    joiner.handle = handle;
    task_node* seen = nullptr;
    // acq_rel: release publishes the handle to set(); acquire pairs with set() where it came first.
    if (state_.compare_exchange_strong(seen, &joiner, std::memory_order_acq_rel)) return true;
    state_.store(nullptr, std::memory_order_relaxed);  // relaxed: nobody else uses it until joined
    return false;
  }

  void set() noexcept {
    if (runtime_.main_scope_ != nullptr && &runtime_.main_scope_->idle_ == this)
      return runtime_.main_ended();
    task_node* seen = nullptr;
    // acq_rel: pairs with wait().
    if (state_.compare_exchange_strong(seen, is_set(), std::memory_order_acq_rel)) return;
    state_.store(nullptr, std::memory_order_relaxed);  // relaxed: schedule() publishes it
    runtime_.schedule(*seen);
  }

 private:
  task_node* is_set() noexcept { return reinterpret_cast<task_node*>(this); }

  runtime& runtime_;
  atomic<task_node*> state_{nullptr};
};

class sleep_awaiter : timer {
 public:
  explicit sleep_awaiter(std::chrono::steady_clock::time_point deadline) noexcept
      : deadline_(deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    task_node& sleeper = self.promise().node();
    sleeper.handle = self;
    return begin(sleeper);
  }
  io_result await_resume() noexcept {
    if (fired) [[likely]]
      return {};
    if (home_ != nullptr) home_->disarm(*this);
    return io_result::of_error(ECANCELED);
  }

 private:
  bool begin(task_node& sleeper);

  std::chrono::steady_clock::time_point deadline_;
  timer_set* home_ = nullptr;  // where it is armed
};

class yield_awaiter {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_node& node = self.promise().node();
    node.handle = self;
    worker::current()->requeue(node);
  }
  void await_resume() const noexcept {}
};

inline sleep_awaiter runtime::sleep_until(std::chrono::steady_clock::time_point deadline) noexcept {
  return sleep_awaiter(deadline);
}
inline yield_awaiter runtime::yield() noexcept {
  return {};
}

}  // namespace tailrace::steal

#include "runtimes/steal/event.hpp"
#include "runtimes/steal/file.hpp"
#include "runtimes/steal/run_blocking.hpp"
#include "runtimes/steal/stream.hpp"
