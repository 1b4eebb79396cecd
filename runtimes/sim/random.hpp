// SPDX-License-Identifier: MIT
// The seeded numbers of the simulator. One thread.
#pragma once

#include <cstdint>

#include "runtimes/base/splitmix64.hpp"

namespace tailrace::sim {

class random {
 public:
  explicit random(std::uint64_t seed) noexcept : seed_(seed) {}

  std::uint64_t next() noexcept { return splitmix64(seed_, drawn_++); }
  // 0 <= result < bound; the bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  bool one_in_thousand(unsigned times) noexcept { return times != 0 && below(1000) < times; }

 private:
  std::uint64_t seed_;
  std::uint64_t drawn_ = 0;
};

}  // namespace tailrace::sim
