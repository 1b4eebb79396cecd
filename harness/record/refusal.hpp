// SPDX-License-Identifier: MIT
// The one exception of the harness: it cannot go on, why, and what to do about it. Who catches it
// decides what it is: `main` prints sentence() and exits with exit_code(); while a cell runs it is
// that cell's result, and the campaign goes on. Any thread.
#pragma once

#include <stdexcept>
#include <string>

namespace tailrace {

class refusal : public std::runtime_error {
 public:
  static constexpr int failed = 1;
  static constexpr int bad_usage = 2;
  static constexpr int unsupported = 3;  // cannot run here: a cell is skipped, not failed

  explicit refusal(const std::string& cause, int exit_code = failed)
      : std::runtime_error(cause), exit_code_(exit_code) {}
  refusal(const std::string& cause, std::string remedy, int exit_code = failed)
      : std::runtime_error(cause), remedy_(std::move(remedy)), exit_code_(exit_code) {}

  std::string cause() const { return what(); }
  const std::string& remedy() const noexcept { return remedy_; }  // empty: none is known
  int exit_code() const noexcept { return exit_code_; }
  // "cause; remedy"
  std::string sentence() const { return remedy_.empty() ? cause() : cause() + "; " + remedy_; }

 private:
  std::string remedy_;
  int exit_code_;
};

inline refusal usage_refusal(const std::string& sentence) {
  return refusal(sentence, refusal::bad_usage);
}

}  // namespace tailrace
