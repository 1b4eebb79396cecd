// SPDX-License-Identifier: MIT
// run_blocking() of the threads runtime: a task has a thread of its own, so it calls at once.
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

namespace tailrace::threads {

template <class Callable>
class inline_call {
 public:
  explicit inline_call(Callable callable) : callable_(std::move(callable)) {}
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  std::invoke_result_t<Callable&> await_resume() { return callable_(); }

 private:
  Callable callable_;
};

}  // namespace tailrace::threads
