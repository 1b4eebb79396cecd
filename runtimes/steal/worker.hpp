// SPDX-License-Identifier: MIT
// One worker of the work-stealing runtime: a thread, its queue, its LIFO slot, its timers, its
// receive buffers. It looks for a task in its LIFO slot (a few times in a row at most), its queue,
// the shared queue and other workers' queues, in that order, then sleeps in the reactor. A worker
// that is never idle polls the reactor, its timers and the shared queue every `interval` polls.
//
// Threads: schedule_here(), run() and what awaiters call belong to the worker's own thread; what is
// said to be a hint may be read by any.
// Sources: Tokio's multi_thread worker (LIFO slot with a bound, overflow to the shared queue, tuned
// interval), Go's proc.go (sysmon and its retake).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/stealing_queue.hpp"
#include "runtimes/steal/counters.hpp"
#include "runtimes/steal/reactor.hpp"
#include "runtimes/steal/task_times.hpp"
#include "runtimes/steal/timer_set.hpp"
#include "runtimes/steal/waiting.hpp"

namespace tailrace::steal {

class scheduler;
struct socket_slot;

class alignas(128) worker {
 public:
  using clock = std::chrono::steady_clock;
  using queue = stealing_queue<task_node>;

  worker(scheduler& owner, std::uint32_t index, reactor& events);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // The calling thread's worker (of any runtime), or null.
  static worker* current() noexcept { return current_; }

  // Until the runtime shuts down.
  void run();

  // The running task made this task ready: it goes to the LIFO slot, or to the back of the queue.
  void schedule_here(task_node& node) noexcept;
  // To the back of the queue: a yield, a spent budget.
  void requeue(task_node& node) noexcept;
  void push(task_node& node) noexcept;
  // After a push or several: let a sleeper come and steal.
  void offer_work() noexcept {
    if (!single_threaded_) wake_another();
  }

  // The running task has armed a timer.
  void armed_timer() noexcept;

  scheduler& owner() const noexcept { return scheduler_; }
  // True if the running task may complete another operation before others get their turn.
  bool within_budget() noexcept { return --budget_ > 0; }
  buffer_pool& buffers() noexcept { return buffers_; }
  timer_set& timers() noexcept { return timers_; }
  reactor& events() noexcept { return reactor_; }
  worker_counters& counters() noexcept { return counters_; }
  const task_times* times() const noexcept { return times_.get(); }
  std::uint32_t index() const noexcept { return index_; }

  // Hints for other threads.
  std::uint32_t queued() const noexcept { return queue_.size_hint(); }
  bool parked() const noexcept {
    return parked_.load(std::memory_order_relaxed);  // relaxed: a hint
  }
  // The function of the coroutine that it resumed last, for the stall detector; null before the
  // first and after the end.
  const void* running() const noexcept {
    return running_.load(std::memory_order_relaxed);  // relaxed: a hint
  }

 private:
  friend class scheduler;
  static constexpr int lifo_runs_max = 3;  // Tokio's MAX_LIFO_POLLS_PER_TICK
  static constexpr std::size_t batch_events = 256;

  task_node* next() noexcept;
  task_node* take_lifo() noexcept;
  task_node* take_shared() noexcept;
  task_node* search() noexcept;
  task_node* steal_from(worker& victim) noexcept;
  void run_task(task_node& node) noexcept;
  void run_timed(task_node& node) noexcept;
  void resume(task_node& node) noexcept;
  // A task goes from waiting to a queue.
  void time_wait(const task_node& node) noexcept {
    if (times_ != nullptr) [[unlikely]]
      times_->made_ready(node);
  }
  void overflow(task_node& node) noexcept;
  void wake_another() noexcept;
  void poll_sources() noexcept;
  void tune(clock::time_point now) noexcept;
  void park() noexcept;
  bool work_in_sight(bool everywhere) noexcept;
  clock::time_point wake_time(clock::time_point now) noexcept;
  void dispatch(std::span<const epoll_event> events, bool was_parked) noexcept;
  void dispatch(socket_slot& slot, std::uint32_t events) noexcept;
  void make_ready(task_node& node) noexcept;
  void expire_timers(worker& of, clock::time_point now) noexcept;
  // For workers held by a long poll: sysmon.cpp.
  bool begin_sysmon() noexcept;
  void sysmon(clock::time_point now) noexcept;
  void retake(worker& held, clock::time_point now) noexcept;
  void ask_for_sysmon() noexcept;

  static inline thread_local constinit worker* current_ = nullptr;

  scheduler& scheduler_;
  reactor& reactor_;
  const std::uint32_t index_;
  // sharing::one_thread: nobody steals from this worker, nobody is to be woken, and its queue, its
  // locks and the marks on tasks need no read-modify-write.
  const bool single_threaded_;
  const bool inlined_;  // the poller resumes tasks itself
  bool searching_ = false;
  bool is_sysmon_ = false;
  int idle_looks_ = 0;  // of the sysmon, since it last saw another worker awake
  int budget_ = 0;
  int lifo_streak_ = 0;
  std::uint32_t ticks_left_ = 0;  // until the next poll_sources()
  std::uint32_t interval_;
  // Written by its own thread; taken by retake() of others where it is stealable, then acq_rel.
  atomic<task_node*> lifo_{nullptr};
  clock::time_point awake_since_{};
  clock::time_point sources_polled_{};
  double poll_ns_ = 0;  // moving average
  std::uint64_t random_;
  buffer_pool buffers_;
  timer_set timers_;
  timer_window window_;
  worker_counters counters_;
  const std::unique_ptr<task_times> times_;  // null unless options.measure_tasks
  std::uint64_t polls_seen_ = 0;             // its polls when a sysmon last looked; the sysmon's
  // Written by its own thread, read by the stall detector. relaxed: a hint.
  atomic<const void*> running_{nullptr};
  // Written by its own thread, read by sysmon and wake_sleeper(). relaxed: a hint.
  atomic<bool> parked_{false};
  queue queue_;
};

}  // namespace tailrace::steal
