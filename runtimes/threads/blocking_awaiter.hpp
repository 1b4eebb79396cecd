// SPDX-License-Identifier: MIT
// Every await of the threads runtime: a call on the task's own thread, which may block, and the
// task goes on. Nothing is suspended.
#pragma once

#include <coroutine>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "runtimes/task_node.hpp"

namespace tailrace::threads {

// Calls Function(arguments..., the task's node).
template <auto Function, class... Arguments>
class blocking_awaiter {
 public:
  explicit blocking_awaiter(Arguments... arguments) noexcept : arguments_(arguments...) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    const auto call = [&](Arguments... arguments) {
      return std::invoke(Function, arguments..., self.promise().node());
    };
    result_ = std::apply(call, arguments_);
    return false;
  }
  auto await_resume() noexcept { return *std::move(result_); }

 private:
  std::tuple<Arguments...> arguments_;
  std::optional<std::invoke_result_t<decltype(Function), Arguments..., task_node&>> result_;
};

}  // namespace tailrace::threads
