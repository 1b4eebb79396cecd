// SPDX-License-Identifier: MIT
// See task_limit.hpp.
#include "harness/kinds/task_limit.hpp"

#include <algorithm>

namespace tailrace::kinds {

std::int64_t threads_for_tasks(const observe::machine_limit& limit) {
  return std::max<std::int64_t>(16, limit.most / 2);
}

std::vector<std::int64_t> scaled_to(const std::vector<std::int64_t>& counts, std::int64_t limit) {
  const std::int64_t largest = std::ranges::max(counts);
  if (largest <= limit) return counts;
  std::vector<std::int64_t> scaled;
  for (const std::int64_t count : counts) {
    scaled.push_back(static_cast<std::int64_t>(
        static_cast<double>(count) * static_cast<double>(limit) / static_cast<double>(largest)));
  }
  return scaled;
}

}  // namespace tailrace::kinds
