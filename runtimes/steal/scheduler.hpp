// SPDX-License-Identifier: MIT
// What runs the tasks of the work-stealing runtime: N workers, the queue that they share, the
// reactors that they sleep in. Awaiters and sockets see this part of a runtime; runtime.hpp adds
// what workloads ask for. README.md describes the protocols: waking, reactor, cancellation,
// shutdown.
//
// Threads: schedule(), request_stop() and metrics(): any. The rest: tasks of the runtime, except
// where the protected part says otherwise.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/blocking_pool.hpp"
#include "runtimes/base/inject_queue.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/parking.hpp"
#include "runtimes/base/shared_counter.hpp"
#include "runtimes/steal/options.hpp"
#include "runtimes/steal/reactor.hpp"
#include "runtimes/steal/socket_slot.hpp"
#include "runtimes/steal/stall_detector.hpp"
#include "runtimes/steal/worker.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::steal {

class scheduler {
 public:
  // Throws std::system_error where the kernel refuses an epoll or an eventfd.
  explicit scheduler(options chosen);
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  // The task may run now.
  void schedule(task_node& node) noexcept;
  // A new one.
  void start(task_node& node) noexcept;
  // Under the mutex of the task's scope.
  void cancel(task_node& node) noexcept;
  void task_ended(bool failed, bool stopped) noexcept;

  // Takes the descriptor; where it cannot be watched, closes it and says why (ENOMEM, ENOSPC).
  std::expected<socket_slot*, int> register_socket(int fd);
  void close_socket(socket_slot& slot) noexcept;  // again: does nothing
  void release_socket(socket_slot& slot) noexcept { slots_.release(slot); }
  void unref(socket_slot& slot) noexcept { slots_.unref(slot); }
  blocking_pool& blocking() noexcept { return blocking_; }

  // The scope of main has no child left: ends the run. Called under that scope's mutex.
  void main_ended() noexcept { end_workers(); }
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  const options& chosen() const noexcept { return options_; }
  // Who may touch what its locks guard.
  sharing shared_by() const noexcept { return sharing_; }
  std::span<const std::unique_ptr<worker>> workers() const noexcept { return workers_; }
  // Null where options.stall_threshold is 0.
  const stall_detector* stalls() const noexcept { return stalls_.get(); }

 protected:
  ~scheduler();

  // By the owner, in this order. start_workers() throws std::system_error where no thread can be
  // had for a worker. The owner is worker 0 in work_until_ended().
  void start_workers(scope_base& main);
  void end_workers() noexcept;
  void work_until_ended() noexcept;

 private:
  friend class worker;

  void work(std::uint32_t index) noexcept;
  void join_workers() noexcept;
  // A wake-up was claimed: reach one sleeper.
  void wake_sleeper() noexcept;
  // The reactor's wake-up came to a worker.
  void on_wake_event(worker& at, bool was_parked) noexcept;
  bool ended() const noexcept {
    // acquire: pairs with the release in end_workers().
    return ended_.load(std::memory_order_acquire);
  }
  // Is there anything that an idle worker must do in the place of a busy one?
  bool needs_sysmon() const noexcept { return sysmon_always_ || armed_timers(); }
  bool armed_timers() const noexcept;

  const options options_;
  const sharing sharing_;
  const bool sysmon_always_;  // reactor per worker, or a stealable LIFO slot
  parking parking_;
  inject_queue shared_;
  std::vector<std::unique_ptr<reactor>> reactors_;
  std::vector<std::unique_ptr<worker>> workers_;
  slot_pool slots_;
  blocking_pool blocking_;
  std::vector<std::thread> threads_;
  std::unique_ptr<stall_detector> stalls_;  // null where options.stall_threshold is 0
  scope_base* main_scope_ = nullptr;        // set before the workers run
  atomic<std::uint32_t> next_reactor_{0};   // any worker; relaxed: only deals connections out
  // acq_rel by exchange: one worker at a time, and what it wrote is seen by the next.
  atomic<bool> sysmon_taken_{false};
  // release by request_stop(), acquire by the worker that takes the wake-up.
  atomic<bool> stop_requested_{false};
  // By exchange of the workers in on_wake_event(). relaxed: one of them passes the stop on.
  atomic<bool> stop_passed_on_{false};
  // release by end_workers(), acquire by every worker in ended().
  atomic<bool> ended_{false};
  // By threads that are no workers, read by metrics().
  shared_counter spawned_outside_;
  shared_counter remote_schedules_;
};

}  // namespace tailrace::steal
