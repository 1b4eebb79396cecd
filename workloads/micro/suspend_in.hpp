// SPDX-License-Identifier: MIT
// For an awaitable that is made of another one: suspends in that one, whatever form its
// await_suspend has. Returns what the outer await_suspend returns: the coroutine to run next.
#pragma once

#include <coroutine>
#include <type_traits>

namespace tailrace {

// Touches nothing of the awaiter once it has suspended: it may already be gone.
template <class Awaiter, class Promise>
std::coroutine_handle<> suspend_in(Awaiter& awaiter, std::coroutine_handle<Promise> self) {
  using result = decltype(awaiter.await_suspend(self));
  if (awaiter.await_ready()) return self;
  if constexpr (std::is_void_v<result>) {
    awaiter.await_suspend(self);
    return std::noop_coroutine();
  } else if constexpr (std::is_same_v<result, bool>) {
    const bool suspended = awaiter.await_suspend(self);
    return suspended ? std::coroutine_handle<>(std::noop_coroutine())
                     : std::coroutine_handle<>(self);
  } else {
    return awaiter.await_suspend(self);
  }
}

}  // namespace tailrace
