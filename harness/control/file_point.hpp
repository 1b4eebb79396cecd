// SPDX-License-Identifier: MIT
// Points of kind file: their keys in a profile, as options of the workload file-read. See
// inprocess_point.hpp. Pure functions, any thread.
#pragma once

#include <string>

#include "harness/control/profile.hpp"
#include "harness/control/table_reader.hpp"

namespace tailrace::control {

void read_file_keys(const table_reader& in, point& work);
std::string derived_file_id(const point& work);

}  // namespace tailrace::control
