// SPDX-License-Identifier: MIT
// A task's sleep, on a timer of Asio's that lives in the awaiter.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <coroutine>

#include "runtimes/asio/scheduler.hpp"
#include "runtimes/base/io_result.hpp"

namespace tailrace::asio {

template <class Contexts>
class sleep_awaiter final : operation {
 public:
  sleep_awaiter(basic_scheduler<Contexts>& owner, std::chrono::steady_clock::time_point deadline)
      : operation(&cancel_timer), scheduler_(owner), timer_(owner.io(), deadline) {}

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
  // With the executor's own type: any_io_executor, the default, costs a virtual call an operation.
  using timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  bool begin(task_node& sleeper) {
    task_claim<Contexts> claim(sleeper, *this);
    if (claim.stop_requested()) {
      cancelled = true;
      return false;
    }
    timer_.async_wait([this](const boost::system::error_code&) {
      basic_scheduler<Contexts>::woke(*this);
      scheduler_.timer_done();
      scheduler_.resume(*this);
    });
    scheduler_.timer_armed();
    claim.sleep_in(*this);
    return true;
  }
  static bool cancel_timer(operation& op) noexcept {
    static_cast<sleep_awaiter&>(op).timer_.cancel();
    return false;
  }

  basic_scheduler<Contexts>& scheduler_;
  timer timer_;
};

}  // namespace tailrace::asio
