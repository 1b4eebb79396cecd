// SPDX-License-Identifier: MIT
// Points whose workload runs inside the target, without a client: their keys in a profile become
// options of the workload (point::options), whose names and values are strings as `--set` takes
// them. A kind adds here its reader, its expected duration and its checks (timer_check.hpp); the
// cell itself (inprocess_cell.cpp) is the same for all. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/table_reader.hpp"

namespace tailrace::campaign {

void read_timer_keys(const table_reader& in, point& work);
std::string derived_timer_id(const point& work);

// An option of the point that is a whole number; 0 where it has none.
std::int64_t option_number(const point& work, const std::string& name);

// From `start` to `result`, about.
double expected_inprocess_s(const point& work);
// ... and at most, beside target_limits::work_s.
double inprocess_limit_s(const point& work);
// Tasks that exist at one time.
std::int64_t tasks_at_once(const point& work);

}  // namespace tailrace::campaign
