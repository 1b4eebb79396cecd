// SPDX-License-Identifier: MIT
// A lock of one byte for sections of a few instructions: spins, then gives the CPU away. One atomic
// read-modify-write to lock, none to unlock. A lock of what one thread uses does nothing.
// BasicLockable; not recursive.
// Source: test-and-test-and-set with a bounded spin (as in WebKit's early WTF::Lock).
#pragma once

#include <sched.h>

#include <cstdint>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

// Who uses an object: decided where it is made.
enum class sharing : std::uint8_t { one_thread, any_thread };

class spinlock {
 public:
  explicit constexpr spinlock(sharing by = sharing::any_thread) noexcept
      : state_(by == sharing::one_thread ? unused : free) {}

  void lock() noexcept {
    const state seen = state_.load(std::memory_order_relaxed);  // relaxed: a hint, or constant
    if (seen == unused) return;
    // acquire: pairs with the release store in unlock().
    if (seen == free && state_.exchange(held, std::memory_order_acquire) == free) [[likely]]
      return;
    lock_contended();
  }

  void unlock() noexcept {
    // relaxed: constant for a lock of one thread, else only the holder writes it.
    if (state_.load(std::memory_order_relaxed) == unused) return;
    state_.store(free, std::memory_order_release);  // release: pairs with lock()
  }

 private:
  enum state : std::uint8_t { free, held, unused };
  static constexpr int spins_before_yield = 64;

  [[gnu::noinline]] void lock_contended() noexcept {
    for (int spins = 0;; ++spins) {
      // acquire: pairs with the release store in unlock(). relaxed: a hint.
      if (state_.load(std::memory_order_relaxed) == free &&
          state_.exchange(held, std::memory_order_acquire) == free)
        return;
      if (spins < spins_before_yield)
        pause();
      else
        ::sched_yield();  // The holder may have lost its CPU.
    }
  }

  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }

  atomic<state> state_;
};

}  // namespace tailrace
