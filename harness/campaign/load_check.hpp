// SPDX-License-Identifier: MIT
// Whether what the load generator and the target reported can be true: the accounting identities
// of results/README.md, nothing wrong on the wire, and the counts of both sides against each other.
// Each broken rule is one sentence. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/campaign/profile.hpp"

namespace tailrace::campaign {

// A count of a target or load generator; nothing where it is missing or no count. Bounded, so that
// sums of counts do not overflow.
std::optional<std::int64_t> count_of(const nlohmann::json& counts, const char* name);

// The shape and the identities of a load object, and that the work was done right.
std::vector<std::string> load_faults(const nlohmann::json& load, const point& work);

// Identities of a served workload's counts; `last` is those of a `result`: nothing may be open.
std::vector<std::string> count_faults(const nlohmann::json& counts, bool last);

// What the client verified against what the server says it did; where it burns CPU time, that it
// did so for every message of a hog.
std::vector<std::string> agreement_faults(const nlohmann::json& load, const nlohmann::json& counts,
                                          const point& work);

}  // namespace tailrace::campaign
