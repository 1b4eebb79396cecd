// SPDX-License-Identifier: MIT
// Checks for bugs of the load generator itself: abort with the sentence and both values. Not for
// refusals by the kernel or the peer, those are values. The load generator includes nothing of
// runtimes/, so it has its own.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace tailrace::load {

inline void check(bool holds, const char* what, std::int64_t left = 0,
                  std::int64_t right = 0) noexcept {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "tailrace load: bug: %s (values %lld, %lld)\n", what,
               static_cast<long long>(left), static_cast<long long>(right));
  std::abort();
}

inline void check_equal(std::uint64_t left, std::uint64_t right, const char* what) noexcept {
  check(left == right, what, static_cast<std::int64_t>(left), static_cast<std::int64_t>(right));
}

}  // namespace tailrace::load
