// SPDX-License-Identifier: MIT
// The CPU time of the thread inside run(). Not time outside of the wait: the kernel does its share
// of the work inside it. begin() and end() by that thread, used_ns() by any.
#pragma once

#include <cstdint>
#include <optional>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::uring {

class cpu_time {
 public:
  void begin() noexcept {
    const int clock = sys::own_cpu_clock();
    began_ns_ = sys::cpu_time_ns(clock).value_or(0);
    clock_.store(clock, std::memory_order_release);  // release: pairs with used_ns()
  }
  void end() noexcept {
    whole_ns_.set(used_ns());
    clock_.store(0, std::memory_order_release);  // release: pairs with used_ns()
  }
  std::uint64_t used_ns() const noexcept {
    // acquire: pairs with the release stores of begin() and end().
    const int clock = clock_.load(std::memory_order_acquire);
    const auto now = clock != 0 ? sys::cpu_time_ns(clock) : std::nullopt;
    return now ? *now - began_ns_ : whole_ns_.get();
  }

 private:
  std::uint64_t began_ns_ = 0;  // written before clock_
  single_writer_counter whole_ns_;
  // Of the thread, 0 before and after; release by that thread, acquire by used_ns().
  atomic<int> clock_{0};
};

}  // namespace tailrace::uring
