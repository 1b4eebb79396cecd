// SPDX-License-Identifier: MIT
// The one exception of the harness: it cannot go on, and this sentence (what, and what to do about
// it) is all that the user needs. Thrown anywhere in control, observe and record; caught once, in
// main, which prints it and exits with exit_code(). A cell that fails is not a refusal: that is a
// result (control/cell_failure.hpp).
#pragma once

#include <stdexcept>
#include <string>

namespace tailrace {

class refusal : public std::runtime_error {
 public:
  static constexpr int failed = 1;
  static constexpr int bad_usage = 2;
  explicit refusal(const std::string& sentence, int exit_code = failed)
      : std::runtime_error(sentence), exit_code_(exit_code) {}
  int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

inline refusal usage_refusal(const std::string& sentence) {
  return refusal(sentence, refusal::bad_usage);
}

}  // namespace tailrace
