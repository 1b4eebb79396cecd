// SPDX-License-Identifier: MIT
// Points that this machine does not permit: they are left out of the plan and said once, where a
// cell of each subject and generation would only repeat the cause. Main thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/profile.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::campaign {

struct left_out_point {
  std::string id;
  std::string cause;  // with its remedy
};

// Takes those out that need SCHED_FIFO (with `tuned` all that are measured in slices) and cannot
// have it (why_no_fifo()). cpus: of each point, by index; theirs go too. Throws a refusal where no
// point would be left.
std::vector<left_out_point> leave_out_points(profile& from,
                                             std::vector<observe::cpu_partition>& cpus, bool tuned);

// For the manifest: [{"id": ..., "cause": ...}].
nlohmann::json left_out_json(const std::vector<left_out_point>& points);

}  // namespace tailrace::campaign
