// SPDX-License-Identifier: MIT
// A task's sleep, in the timers of the worker that it runs on. Tasks of the runtime.
#pragma once

#include <cerrno>
#include <chrono>
#include <coroutine>

#include "runtimes/base/io_result.hpp"
#include "runtimes/steal/timer_set.hpp"
#include "runtimes/steal/worker.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::steal {

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
  bool begin(task_node& sleeper) {
    if (sleeper.owner->stop_requested()) [[unlikely]]
      return false;
    node = &sleeper;
    worker& here = *worker::current();
    home_ = &here.timers();
    if (here.timers().arm(*this, deadline_)) {
      // Nothing of this object from here on: it may have fired.
      here.armed_timer();
      return true;
    }
    home_ = nullptr;
    return false;
  }

  std::chrono::steady_clock::time_point deadline_;
  timer_set* home_ = nullptr;  // where it is armed
};

}  // namespace tailrace::steal
