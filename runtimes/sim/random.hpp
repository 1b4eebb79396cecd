// SPDX-License-Identifier: MIT
// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators"): the same
// numbers for the same seed with every library, which std::uniform_int_distribution is not. One
// thread.
#pragma once

#include <cstdint>

namespace tailrace::sim {

class random {
 public:
  explicit random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }
  // 0 <= result < bound; the bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  bool one_in_thousand(unsigned times) noexcept { return times != 0 && below(1000) < times; }

 private:
  std::uint64_t state_;
};

}  // namespace tailrace::sim
