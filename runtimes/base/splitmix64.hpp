// SPDX-License-Identifier: MIT
// splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators"): the same
// numbers for the same seed with every library, which std::uniform_int_distribution is not. Not for
// secrets. (The load generator has its own: it shares nothing with what it measures.)
#pragma once

#include <cstdint>

namespace tailrace {

// Number `index` of the sequence that the seed begins, from 0 on.
constexpr std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t index) noexcept {
  std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace tailrace
