// SPDX-License-Identifier: MIT
// How many threads this machine lets one process have, for subjects that give each task a thread.
// Any thread; a few file reads.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/campaign/plan.hpp"
#include "harness/session/description.hpp"

namespace tailrace::kinds {

inline bool has_a_thread_per_task(const campaign::subject& who) {
  return session::has_a_thread_per_task(who.family);
}

// Half of the least of kernel.threads-max, kernel.pid_max, the pids cgroup and RLIMIT_NPROC: the
// other half is left to what else lives on the machine.
std::int64_t thread_limit();

// The counts, all made smaller by the same factor where the largest is above the limit.
std::vector<std::int64_t> scaled_to(const std::vector<std::int64_t>& counts, std::int64_t limit);
std::vector<std::int64_t> within_thread_limit(const std::vector<std::int64_t>& counts);

}  // namespace tailrace::kinds
