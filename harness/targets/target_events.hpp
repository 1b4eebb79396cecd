// SPDX-License-Identifier: MIT
// Prints the target protocol's JSON lines (runtimes/PROTOCOL.md) on standard output: one object a
// line, written whole. A reader that has gone away is not an error here: the target learns of it
// by the end of its standard input. The main thread only.
#pragma once

#include <string_view>

#include "harness/targets/target_description.hpp"

namespace tailrace {

inline constexpr int target_protocol_version = 2;

void print_description(const target_description& description);
void print_ready(const ready_info& info, const run_request& request);
void print_sample(const named_counts& counts);
void print_result(const result_info& result);
void print_error(std::string_view message, std::string_view remedy);

}  // namespace tailrace
