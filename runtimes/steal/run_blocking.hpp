// SPDX-License-Identifier: MIT
// co_await rt.run_blocking(callable): what callable() returns or throws, called on a thread of the
// blocking pool. Tasks of the runtime. Cost: a lock, a thread's wake-up, and one back.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {

template <class Callable>
class blocking_awaiter : blocking_call {
  using result = std::invoke_result_t<Callable&>;
  using stored = std::conditional_t<std::is_void_v<result>, bool, result>;

 public:
  blocking_awaiter(scheduler& owner, Callable callable)
      : blocking_call{.run = &run_call}, scheduler_(owner), callable_(std::move(callable)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    node_ = &self.promise().node();
    node_->handle = self;
    scheduler_.blocking().submit(*this);
  }
  result await_resume() {
    if (failure_) std::rethrow_exception(std::move(failure_));
    if constexpr (!std::is_void_v<result>) return std::move(*result_);
  }

 private:
  static void run_call(blocking_call& call) noexcept {
    auto& self = static_cast<blocking_awaiter&>(call);
    try {
      if constexpr (std::is_void_v<result>)
        self.callable_();
      else
        self.result_.emplace(self.callable_());
    } catch (...) {
      self.failure_ = std::current_exception();
    }
    self.scheduler_.schedule(*self.node_);  // The task may be gone by now.
  }

  scheduler& scheduler_;
  Callable callable_;
  task_node* node_ = nullptr;
  std::optional<stored> result_;
  std::exception_ptr failure_;
};

}  // namespace tailrace::steal
