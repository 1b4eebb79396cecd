// SPDX-License-Identifier: MIT
// Options of `tailrace load` from the command line, ranges checked. Main thread.
#pragma once

#include <optional>

#include "harness/load/load_options.hpp"

namespace tailrace::load {

struct parsed_command_line {
  load_options options;
  std::optional<int> exit_code;  // set when there is nothing to run: help was printed, or bad usage
};

// Prints help to standard output and one sentence on bad usage to standard error.
[[nodiscard]] parsed_command_line parse_command_line(int argc, const char* const* argv);

}  // namespace tailrace::load
