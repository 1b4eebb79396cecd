// SPDX-License-Identifier: MIT
// The scripts of scripted_server.hpp by their names, and the options that tune them. A read of the
// socket counts as one message: exact where a connection has one message outstanding that fits a
// read (64 KiB).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/tests/scripted_server.hpp"
#include "workloads/options.hpp"

namespace tailrace::scripted {

// The options of the calibration target; `behaviour` chooses among the scripts.
std::vector<option_spec> calibration_options();
std::unique_ptr<script> make_calibration(const option_values& options);

// The fastest reply: mode echo, http (a fixed response a request) or discard.
option_spec null_mode_option();
std::unique_ptr<script> make_null(const std::string& mode);

}  // namespace tailrace::scripted
