// SPDX-License-Identifier: MIT
// The facade through which runtimes reach atomics, fences, and data that a protocol hands from
// thread to thread, so that a model checker can put its own in their place (TAILRACE_MODEL:
// model.hpp). Every call names its order, and the order names its partner.
#pragma once

#ifdef TAILRACE_MODEL
#include "runtimes/base/model.hpp"
#else
#include <atomic>
namespace tailrace {

template <class T>
using atomic = std::atomic<T>;

inline void atomic_fence(std::memory_order order) noexcept {
  std::atomic_thread_fence(order);
}

// A plain value that belongs to one thread at a time; which one is the matter of the protocol
// around it. Costs nothing; the model checker reports each race on it.
template <class T>
class guarded {
 public:
  guarded() = default;
  explicit guarded(T value) noexcept : value_(value) {}
  T get() const noexcept { return value_; }
  void set(T value) noexcept { value_ = value; }

 private:
  T value_;
};

}  // namespace tailrace
#endif
