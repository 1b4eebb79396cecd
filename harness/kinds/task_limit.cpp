// SPDX-License-Identifier: MIT
// See task_limit.hpp.
#include "harness/kinds/task_limit.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "harness/observe/fingerprint.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::kinds {

std::int64_t thread_limit() {
  std::int64_t least = 1'000'000;
  const auto consider = [&](const std::string& text) {
    if (const auto value = observe::to_integer(observe::trimmed(text))) {
      least = std::min(least, *value);
    }
  };
  consider(observe::sysctl_text("kernel.threads-max"));
  consider(observe::sysctl_text("kernel.pid_max"));
  for (const char* path : {"/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"}) {
    consider(observe::read_text(path).text.value_or(""));
  }
  rlimit processes{};
  const bool bound = ::geteuid() != 0 && ::getrlimit(RLIMIT_NPROC, &processes) == 0 &&
                     processes.rlim_cur != RLIM_INFINITY;
  if (bound) least = std::min(least, static_cast<std::int64_t>(processes.rlim_cur));
  return std::max<std::int64_t>(16, least / 2);
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

std::vector<std::int64_t> within_thread_limit(const std::vector<std::int64_t>& counts) {
  return scaled_to(counts, thread_limit());
}

}  // namespace tailrace::kinds
