// SPDX-License-Identifier: MIT
// A statistic with one writer and any number of readers. relaxed throughout: it orders nothing, and
// a reader may be a few counts late. Cost: a load and a store, no atomic read-modify-write.
#pragma once

#include <cstdint>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

class single_writer_counter {
 public:
  void add(std::uint64_t amount) noexcept {
    // relaxed: see the head of this file.
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t amount) noexcept {
    // relaxed: see the head of this file.
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) noexcept {
    value_.store(value, std::memory_order_relaxed);  // relaxed: see the head of this file
  }
  std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);  // relaxed: see the head of this file
  }

 private:
  atomic<std::uint64_t> value_{0};
};

}  // namespace tailrace
