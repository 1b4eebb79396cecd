// SPDX-License-Identifier: MIT
// What one echo of a subject costs, as a line of costs.jsonl: counted once a campaign, before its
// cells. What cannot be counted is a line that says why. Main thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/plan.hpp"

namespace tailrace::campaign {

nlohmann::json subject_cost(const subject& who, const contestant& program, bool instructions);

// About, in seconds.
double expected_cost_s(bool instructions);

}  // namespace tailrace::campaign
