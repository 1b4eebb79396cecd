// SPDX-License-Identifier: MIT
// What runtimes count about themselves (runtimes/metrics.hpp), as `metrics` and `histograms` of the
// result event: one list entry a worker, whether the workers belong to one runtime or to one each;
// what is of a whole runtime is summed, and so are distributions. Pure functions; any thread.
#pragma once

#include <map>
#include <span>
#include <string>

#include "harness/targets/target_description.hpp"
#include "runtimes/base/metrics.hpp"

namespace tailrace {

// All of one type: the same names in the same order.
event_fields metrics_fields(std::span<const runtime_metrics> runtimes);
// By name.
std::map<std::string, count_pairs> distribution_pairs(std::span<const runtime_metrics> runtimes);

}  // namespace tailrace
