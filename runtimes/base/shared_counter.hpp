// SPDX-License-Identifier: MIT
// single_writer_counter's interface with any number of writers. relaxed throughout: it orders
// nothing, and a reader may be a few counts late. Cost: an atomic read-modify-write.
#pragma once

#include <cstdint>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

class shared_counter {
 public:
  void add(std::uint64_t amount) noexcept {
    value_.fetch_add(amount, std::memory_order_relaxed);  // relaxed: see the head of this file
  }
  void subtract(std::uint64_t amount) noexcept {
    value_.fetch_sub(amount, std::memory_order_relaxed);  // relaxed: see the head of this file
  }
  std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);  // relaxed: see the head of this file
  }

 private:
  atomic<std::uint64_t> value_{0};
};

}  // namespace tailrace
