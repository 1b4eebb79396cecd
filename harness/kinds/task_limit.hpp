// SPDX-License-Identifier: MIT
// How many threads are asked for, for subjects that give each task a thread: fewer than the machine
// allows (harness/observe/machine_limits.hpp). Any thread; a few file reads.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/campaign/plan.hpp"
#include "harness/observe/machine_limits.hpp"
#include "harness/session/description.hpp"

namespace tailrace::kinds {

inline bool has_a_thread_per_task(const campaign::subject& who) {
  return session::has_a_thread_per_task(who.family);
}

// Half of what is left, and 16 at least: the other half is left to what else lives on the machine.
std::int64_t threads_for_tasks(const observe::machine_limit& limit);

// The counts, all made smaller by the same factor where the largest is above the limit.
std::vector<std::int64_t> scaled_to(const std::vector<std::int64_t>& counts, std::int64_t limit);

}  // namespace tailrace::kinds
