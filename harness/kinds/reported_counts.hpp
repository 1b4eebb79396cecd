// SPDX-License-Identifier: MIT
// Whether what the load generator and the target reported can be true: the accounting identities
// of results/README.md, nothing wrong on the wire, and the counts of both sides against each other.
// Each broken rule is one sentence. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/session/target_event.hpp"

namespace tailrace::kinds {

// A fault for each of the names that the counts of a target have not.
std::vector<std::string> missing_counts(const session::count_map& counts,
                                        std::initializer_list<const char*> names);

// The shape and the identities of a load object, and that the work was done right. classes: those
// that the connections are divided into, or none.
std::vector<std::string> load_faults(const nlohmann::json& load, std::int64_t connections,
                                     const std::vector<std::string>& classes = {});

// Identities of the counts in the `result` of a served workload.
std::vector<std::string> count_faults(const session::count_map& counts);

// What the client verified against what the target says it did.
std::vector<std::string> agreement_faults(const nlohmann::json& load,
                                          const session::count_map& counts);

// Where the target burns CPU time for the messages of some classes: it counts each whole message of
// theirs, so at least those that were answered, at most those that were sent, over the whole run.
// Once all are answered, that is exact.
std::vector<std::string> burn_faults(const nlohmann::json& load, const session::count_map& counts,
                                     const std::vector<std::string>& classes);

}  // namespace tailrace::kinds
