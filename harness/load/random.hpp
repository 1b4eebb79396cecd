// SPDX-License-Identifier: MIT
// Seeded random numbers, the same on every machine and library: std:: distributions are not. Not
// for secrets. One generator a thread. Source: splitmix64 by Sebastiano Vigna (public domain,
// prng.di.unimi.it).
#pragma once

#include <cmath>
#include <cstdint>

namespace tailrace::load {

// A bijective scramble of 64 bits: equal inputs give equal outputs, near inputs give unrelated
// ones.
constexpr std::uint64_t scramble(std::uint64_t bits) noexcept {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31);
}

class random_source {
 public:
  explicit constexpr random_source(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept { return scramble(state_ += 0x9e3779b97f4a7c15U); }

  // Uniform in [0, bound), bound <= 2^32; the bias is below bound / 2^32.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    return ((next() >> 32) * bound) >> 32;
  }

  // Exponentially distributed with mean 1. The argument of log is in (0, 1], so the result is
  // finite.
  double exponential() noexcept {
    return -std::log(static_cast<double>((next() >> 11) + 1) * 0x1.0p-53);
  }

 private:
  std::uint64_t state_;
};

}  // namespace tailrace::load
