// SPDX-License-Identifier: MIT
// A pointer in a word of memory that is also its own lock: whoever claims the word gets the pointer
// and keeps all others out until it releases the word with the same pointer or another. For words
// that are usually free and are held for one operation: spins, then gives the CPU away.
// Any thread; a claim is not recursive. Cost: an atomic read-modify-write to claim, a store to
// release. Source: spinlock.hpp, whose lock bit is here a pointer that no one else uses.
#pragma once

#include <sched.h>

#include <atomic>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

class locked_pointer {
 public:
  // The pointer that the last release left, or null where there was none.
  static void* claim(void*& word) noexcept {
    const std::atomic_ref<void*> shared(word);
    for (int spins = 0;; ++spins) {
      // acquire: pairs with release(). relaxed: a hint.
      if (shared.load(std::memory_order_relaxed) != &held_) {
        void* const found = shared.exchange(&held_, std::memory_order_acquire);
        if (found != &held_) return found;
      }
      if (spins >= spins_before_yield) ::sched_yield();  // The holder may have lost its CPU.
    }
  }

  static void release(void*& word, void* pointer) noexcept {
    // release: pairs with claim().
    std::atomic_ref<void*>(word).store(pointer, std::memory_order_release);
  }

 private:
  static constexpr int spins_before_yield = 64;
  static inline char held_;  // only its address counts
};

}  // namespace tailrace
