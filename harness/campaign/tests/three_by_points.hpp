// SPDX-License-Identifier: MIT
// A small profile for the tests of plans and generations.
#pragma once

#include <string>

#include "harness/campaign/profile.hpp"
#include "harness/kinds/registry.hpp"

namespace tailrace::campaign {

// Contestants a, b and c at a closed and an open point of 50 connections, in `blocks` generations;
// `more`: a further point, in TOML.
inline profile three_by_points(int blocks, const std::string& more) {
  return parse_profile("blocks = " + std::to_string(blocks) + R"(
contestants = ["a", "b", "c"]
[[point]]
kind = "closed"
[[point]]
kind = "open"
rate_per_s = 1000
[[point]]
)" + more,
                       "test.toml", kinds::all());
}

}  // namespace tailrace::campaign
