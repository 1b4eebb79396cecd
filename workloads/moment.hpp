// SPDX-License-Identifier: MIT
// A point of a run, in time and in CPU time.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace tailrace {

struct moment {
  std::chrono::steady_clock::time_point at;
  std::int64_t cpu_ns = 0;  // of the process; std::clock() counts in us

  static moment now() noexcept {
    return {std::chrono::steady_clock::now(),
            std::int64_t{std::clock()} * (1'000'000'000 / CLOCKS_PER_SEC)};
  }
};

}  // namespace tailrace
