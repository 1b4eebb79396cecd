// SPDX-License-Identifier: MIT
// What the tasks of one worker count, as the target protocol names it. Written by the tasks of one
// worker, read by any thread while they run: a sample may be a few operations old, and its fields
// are not from one instant. relaxed throughout: statistics that order nothing.
#pragma once

#include <cstdint>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

// shared: tasks of several threads write it (fetch_add); otherwise a load and a store suffice, and
// no echo pays for an atomic read-modify-write.
template <bool Shared>
class counter {
 public:
  [[gnu::always_inline]] void add(std::uint64_t amount) noexcept {
    // relaxed: see the head of this file.
    if constexpr (Shared)
      value_.fetch_add(amount, std::memory_order_relaxed);
    else
      value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);  // relaxed: see the head of this file
  }

 private:
  atomic<std::uint64_t> value_{0};
};

template <bool Shared>
struct alignas(64) worker_counts {
  counter<Shared> accepted;
  counter<Shared> closed;
  counter<Shared> received_bytes;
  counter<Shared> sent_bytes;
  counter<Shared> errors;         // connections ended by an error other than end of stream or reset
  counter<Shared> resets;         // ended by ECONNRESET or EPIPE
  counter<Shared> accept_errors;  // refused accepts (no descriptors, no memory)
  counter<Shared> fell_asleep;    // idle: tasks that began their sleep
  counter<Shared> woke;           // idle: ... and left it
  counter<Shared> woken_early;    // idle: left it by anything but cancellation
  counter<Shared> burns;          // hog: messages that CPU time was burnt for
};

}  // namespace tailrace
