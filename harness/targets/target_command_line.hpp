// SPDX-License-Identifier: MIT
// The command line of every target: `TARGET describe` and `TARGET run ...` (runtimes/README.md).
// Everything a user or harness can get wrong is refused here with one sentence, so that a runtime
// only sees requests it said it can serve. The main thread.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "harness/targets/target_description.hpp"

namespace tailrace {

// A request to run; or no request and an exit code (help or describe was asked for, or bad usage:
// the text has been printed).
struct command_line {
  enum class verb { describe, run, leave };
  verb what = verb::leave;
  int exit_code = 0;
  run_request request;
};

command_line parse_command_line(int argc, const char* const* argv,
                                const target_description& description);

// Validates `--set` texts against the description for a workload and adds the defaults.
// The error is one sentence.
std::expected<option_values, std::string> resolve_options(const target_description& description,
                                                          const std::string& workload,
                                                          const std::vector<std::string>& settings);

}  // namespace tailrace
