// SPDX-License-Identifier: MIT
// A result for people: what was asked, what came back, the tail, and what went wrong. Pure
// functions, any thread.
#pragma once

#include <string>

#include "harness/load/load_result.hpp"

namespace tailrace::load {

[[nodiscard]] std::string load_table(const load_result& result);

// One sentence a line on everything that was not clean; empty when all was.
[[nodiscard]] std::string load_complaints(const load_result& result);

}  // namespace tailrace::load
