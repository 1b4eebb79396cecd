// SPDX-License-Identifier: MIT
// Points of kind file: their keys in a profile, as options of the workload file-read. See
// inprocess_point.hpp. Pure functions, any thread.
#pragma once

#include <string>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/table_reader.hpp"

namespace tailrace::campaign {

void read_file_keys(const table_reader& in, point& work);
std::string derived_file_id(const point& work);

}  // namespace tailrace::campaign
