// SPDX-License-Identifier: MIT
// The facade through which runtimes reach atomics, so that a model checker can put its own in their
// place (TAILRACE_MODEL: Relacy's). Every call names its order, and the order names its partner.
#pragma once

#ifdef TAILRACE_MODEL
#include <relacy/relacy.hpp>
namespace tailrace {
template <class T>
using atomic = rl::atomic<T>;
inline void atomic_fence(std::memory_order order) noexcept { rl::atomic_thread_fence(order, $); }
}  // namespace tailrace
#else
#include <atomic>
namespace tailrace {
template <class T>
using atomic = std::atomic<T>;
inline void atomic_fence(std::memory_order order) noexcept {
  std::atomic_thread_fence(order);
}
}  // namespace tailrace
#endif
