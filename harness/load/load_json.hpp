// SPDX-License-Identifier: MIT
// The load object of results/README.md from a result. Pure function, any thread.
#pragma once

#include <string>

#include "harness/load/load_result.hpp"

namespace tailrace::load {

// One line, ASCII, without a newline at its end.
[[nodiscard]] std::string load_object(const load_result& result);

}  // namespace tailrace::load
