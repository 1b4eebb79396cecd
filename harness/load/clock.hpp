// SPDX-License-Identifier: MIT
// The one clock of the load generator: CLOCK_MONOTONIC in nanoseconds since boot. Any thread; about
// 25 ns a call through the vDSO, so the event loop reads it once per batch of received bytes.
#pragma once

#include <time.h>

#include <cstdint>

namespace tailrace::load {

inline constexpr std::int64_t ns_per_s = 1'000'000'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_us = 1'000;

inline std::int64_t now_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * ns_per_s + now.tv_nsec;
}

}  // namespace tailrace::load
