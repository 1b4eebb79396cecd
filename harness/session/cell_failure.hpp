// SPDX-License-Identifier: MIT
// A refusal under its old name.
#pragma once

#include "harness/record/refusal.hpp"

namespace tailrace::session {

class cell_failure : public refusal {
 public:
  explicit cell_failure(const std::string& cause, const std::string& remedy = "",
                        bool skipped = false)
      : refusal(cause, remedy, skipped ? unsupported : failed) {}
  bool skipped() const noexcept { return exit_code() == unsupported; }
};

}  // namespace tailrace::session
