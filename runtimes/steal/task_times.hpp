// SPDX-License-Identifier: MIT
// Where options.measure_tasks is set: how long the polls of a worker took, and how long tasks that
// it made ready waited until somebody ran them. Of the waits one a worker is timed at a time, so
// that a task carries nothing; a long wait is thus one sample, however many tasks waited as long.
// Tasks that the poller resumes at once wait in no queue, and tasks made ready by threads that are
// no workers are not timed.
//
// Threads: made_ready() and the records belong to the worker; end_wait() to whoever runs the task.
// Cost: a poll reads the clock twice and looks at what each worker times; 19 KiB a worker. With one
// worker 89 user instructions an echo; where it is off, 3: a poll and a push each test a pointer
// (tailrace cost).
#pragma once

#include <chrono>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/time_histogram.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::steal {

class task_times {
 public:
  using clock = std::chrono::steady_clock;

  // About to be queued.
  void made_ready(const task_node& node) noexcept {
    // acquire: pairs with the release in end_wait(): since_ is read no more.
    if (timed_.load(std::memory_order_acquire) != nullptr) return;
    since_ = clock::now();
    timed_.store(&node, std::memory_order_release);  // release: pairs with end_wait()
  }

  // About to run; every task that is queued runs, so the timed one comes by. How long it waited if
  // it was that one; else nothing.
  clock::duration end_wait(const task_node& node, clock::time_point now) noexcept {
    // acquire: pairs with the release in made_ready().
    if (timed_.load(std::memory_order_acquire) != &node) return {};
    const clock::duration waited = now - since_;
    timed_.store(nullptr, std::memory_order_release);  // release: pairs with made_ready()
    return waited;
  }

  time_histogram poll_time;
  time_histogram schedule_latency;  // of tasks that this worker ran

 private:
  // The task whose wait is timed. Set by the worker where it is null, cleared by who runs the task.
  atomic<const task_node*> timed_{nullptr};
  clock::time_point since_{};
};

}  // namespace tailrace::steal
