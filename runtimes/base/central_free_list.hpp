// SPDX-License-Identifier: MIT
// Where threads exchange free frames of one size class, a batch at a time: a thread that frees more
// than it spawns gives batches, one that spawns more takes them. Any thread; a lock a batch, none
// where a look shows that there is nothing to do. Never frees: what it holds at exit, the system
// takes back.
// Source: the depot of Bonwick and Adams, "Magazines and Vmem" (USENIX 2001).
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/mutex.hpp"

namespace tailrace {

struct free_frame {
  free_frame* next;
};

class central_free_list {
 public:
  static constexpr std::uint32_t batch_frames = 64;
  static constexpr std::uint32_t batches_max = 256;

  // Hints.
  bool looks_empty() const noexcept {
    return count_.load(std::memory_order_relaxed) == 0;  // relaxed: a hint
  }
  bool looks_full() const noexcept {
    return count_.load(std::memory_order_relaxed) == batches_max;  // relaxed: a hint
  }

  // batch_frames of them, linked up to null. False, and they are still the caller's, if it is full.
  bool give(free_frame* batch) noexcept {
    const std::scoped_lock lock(mutex_);
    // relaxed, here and below: written under this lock alone.
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    if (count == batches_max) return false;
    batches_[count].set(batch);
    count_.store(count + 1, std::memory_order_relaxed);
    return true;
  }

  // A batch as it was given; null if there is none.
  free_frame* take() noexcept {
    const std::scoped_lock lock(mutex_);
    // relaxed, here and below: as in give().
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    if (count == 0) return nullptr;
    count_.store(count - 1, std::memory_order_relaxed);
    return batches_[count - 1].get();
  }

 private:
  mutex mutex_;
  atomic<std::uint32_t> count_{0};  // written under the lock
  std::array<guarded<free_frame*>, batches_max> batches_{};
};

}  // namespace tailrace
