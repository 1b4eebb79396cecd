// SPDX-License-Identifier: MIT
// Did the target do the work of a timer point? Told from its counts, its histogram and what the
// seed says, each fault one sentence. The deadlines are drawn here once more, from the text of the
// contract (runtimes/README.md) and not with the workload's code. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/load/histogram.hpp"

namespace tailrace::campaign {

// What all deadlines are after the first possible one, summed, in ns.
std::uint64_t timer_deadline_sum(const point& work, std::uint64_t seed);

// lateness: the decoded histogram `lateness_ns`; null: the result has none.
std::vector<std::string> timer_faults(const nlohmann::json& counts, const load::histogram* lateness,
                                      const point& work, std::uint64_t seed);

// That all were armed before the first deadline.
std::vector<gate> timer_gates(const nlohmann::json& counts, const point& work);

}  // namespace tailrace::campaign
