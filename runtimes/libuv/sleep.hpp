// SPDX-License-Identifier: MIT
// A task's sleep on a timer of libuv's. One thread: the loop's.
#pragma once

#include <cerrno>

#include "runtimes/base/io_result.hpp"
#include "runtimes/libuv/timer_pool.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::libuv {

class sleep_awaiter final : public single::awaitable<sleep_awaiter, single::task_operation> {
 public:
  sleep_awaiter(timer_pool& timers, timer_pool::time deadline) noexcept
      : timers_(timers), deadline_(deadline) {}

  io_result await_resume() const noexcept { return result_; }

  bool begin(task_node& sleeper) {
    timer_ = &timers_.start(*this, deadline_);
    sleep(sleeper);
    return true;
  }
  void set_cancelled() noexcept { result_ = io_result::of_error(ECANCELED); }
  bool leave() noexcept {
    timers_.stop(*timer_);
    return true;
  }

 private:
  timer_pool& timers_;
  timer_pool::time deadline_;
  timer* timer_ = nullptr;
  io_result result_;
};

}  // namespace tailrace::libuv
