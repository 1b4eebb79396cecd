// SPDX-License-Identifier: MIT
// How a task of a loop with one thread sleeps until a deadline, and how it lets the others run.
#pragma once

#include <cerrno>
#include <chrono>
#include <coroutine>

#include "runtimes/base/io_result.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::single {

class sleep_awaiter final : public awaitable<sleep_awaiter, task_operation>,
                            public timer_node {  // which fills half a word; cancelled_ the rest
 public:
  sleep_awaiter(timer_heap& timers, timer_heap::time deadline) noexcept
      : timers_(timers), deadline_(deadline) {}

  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : io_result();
  }

  bool begin(task_node& sleeper) {
    timers_.arm(*this, deadline_);  // May throw; then the task does not wait.
    sleep(sleeper);
    return true;
  }
  void set_cancelled() noexcept { cancelled_ = true; }
  bool leave() noexcept {
    timers_.cancel(*this);
    return true;
  }

 private:
  bool cancelled_ = false;
  timer_heap& timers_;
  timer_heap::time deadline_;
};

class yield_awaiter {
 public:
  // queue: of what runs after all that is ready now.
  explicit yield_awaiter(ready_queue& queue) noexcept : queue_(queue) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_node& task = self.promise().node();
    task.handle = self;
    queue_.push(task);
  }
  void await_resume() const noexcept {}

 private:
  ready_queue& queue_;
};

}  // namespace tailrace::single
