// SPDX-License-Identifier: MIT
// Why one cell has no measurement: it failed, or it cannot run here. Thrown while a cell runs and
// caught by whoever runs cells, who records it as that cell's result. Not a refusal: the campaign
// goes on.
#pragma once

#include <stdexcept>
#include <string>

namespace tailrace::session {

class cell_failure : public std::runtime_error {
 public:
  explicit cell_failure(const std::string& cause, std::string remedy = "", bool skipped = false)
      : std::runtime_error(cause), remedy_(std::move(remedy)), skipped_(skipped) {}
  const std::string& remedy() const noexcept { return remedy_; }
  // It was never going to run here: skipped, not failed.
  bool skipped() const noexcept { return skipped_; }

 private:
  std::string remedy_;
  bool skipped_;
};

}  // namespace tailrace::session
