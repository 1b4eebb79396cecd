// SPDX-License-Identifier: MIT
// The one clock of the harness: CLOCK_MONOTONIC in nanoseconds since boot. Any thread; about 25 ns
// a call through the vDSO.
#pragma once

#include <time.h>

#include <cstdint>

namespace tailrace::observe {

inline constexpr std::int64_t ns_per_s = 1'000'000'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_us = 1'000;

inline std::int64_t monotonic_ns() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * ns_per_s + now.tv_nsec;
}

// The time in so many seconds: a deadline.
inline std::int64_t from_now(double seconds) noexcept {
  return monotonic_ns() + static_cast<std::int64_t>(seconds * ns_per_s);
}

// What is left until then as a time-out for poll(2): 0 when it has come, rounded up.
inline int poll_ms(std::int64_t deadline_ns) noexcept {
  constexpr std::int64_t most_ms = 1'000'000;
  const std::int64_t left = deadline_ns - monotonic_ns();
  if (left <= 0) return 0;
  return static_cast<int>(left / ns_per_ms < most_ms ? left / ns_per_ms + 1 : most_ms);
}

}  // namespace tailrace::observe
