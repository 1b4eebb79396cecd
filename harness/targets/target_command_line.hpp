// SPDX-License-Identifier: MIT
// The command line of every target: `TARGET describe` and `TARGET run ...` (runtimes/PROTOCOL.md).
// What it does not understand is refused with one sentence; ranges are the harness's. The main
// thread.
#pragma once

#include <expected>
#include <string>

#include "harness/targets/target_description.hpp"

namespace tailrace {

struct command_line {
  enum class verb { describe, run, help };
  verb what = verb::help;
  run_request request;  // where `what` is run
};

// The error is one sentence.
std::expected<command_line, std::string> parse_command_line(int argc, const char* const* argv,
                                                            const target_description& description);

std::string usage_text(const target_description& description);

}  // namespace tailrace
