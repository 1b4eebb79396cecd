// SPDX-License-Identifier: MIT
// Thrown when a run cannot start: one sentence with the remedy and the exit code. Caught once, in
// load_main() (or in the hold loop, which answers with it). Never thrown while load is running.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace tailrace::load {

inline constexpr int exit_done = 0;
inline constexpr int exit_could_not_run = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_not_possible_here = 3;
inline constexpr int exit_with_failures = 4;

class start_failure : public std::runtime_error {
 public:
  start_failure(const std::string& message, std::string remedy, int exit_code = exit_could_not_run)
      : std::runtime_error(message), remedy_(std::move(remedy)), exit_code_(exit_code) {}

  [[nodiscard]] const std::string& remedy() const noexcept { return remedy_; }
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  std::string remedy_;
  int exit_code_;
};

}  // namespace tailrace::load
