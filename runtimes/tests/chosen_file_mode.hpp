// SPDX-License-Identifier: MIT
// Where the suites have files read: TAILRACE_FILES=auto|pool|inline, or auto where it is not set.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/targets/runtime_options.hpp"

namespace tailrace {

inline file_mode chosen_file_mode() {
  const char* const wanted = std::getenv("TAILRACE_FILES");
  if (wanted == nullptr) return file_mode::automatic;
  for (const auto& [name, mode] : all_file_places)
    if (name == wanted) return mode;
  ADD_FAILURE() << "TAILRACE_FILES=" << wanted;
  return file_mode::automatic;
}

}  // namespace tailrace
