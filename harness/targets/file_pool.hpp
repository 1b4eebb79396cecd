// SPDX-License-Identifier: MIT
// The options of file_pool_options() as a runtime takes them. Other workloads than file-read have
// them not: then the runtime's own defaults hold. Pure function.
#pragma once

#include <cstdint>

#include "harness/targets/target_description.hpp"
#include "runtimes/base/check.hpp"
#include "runtimes/base/pooled_read.hpp"

namespace tailrace {

inline file_options file_options_of(const option_values& values) {
  file_options chosen;
  if (!values.has("files")) return chosen;
  TAILRACE_CHECK(choose_file_mode(values.text("files"), chosen.mode));
  chosen.threads = static_cast<std::uint32_t>(values.integer("file_threads"));
  return chosen;
}

}  // namespace tailrace
