// SPDX-License-Identifier: MIT
// What the parts of `tailrace doctor` share: how a finding is said, and the part that is in a file
// of its own. Main thread only.
#pragma once

#include <string>

namespace tailrace::cli {

// Prints a line for each, and what to do about it below those that are not well.
class findings {
 public:
  void ok(const std::string& what);
  void warn(const std::string& what, const std::string& remedy) { say("warn", what, remedy); }
  void bad(const std::string& what, const std::string& remedy) { say("bad ", what, remedy); }
  int warnings() const { return warnings_; }

 private:
  void say(const char* level, const std::string& what, const std::string& remedy);

  int warnings_ = 0;
};

// Open files, threads, local ports, locked memory, CPU quota (harness/observe).
void check_limits(findings& say);

}  // namespace tailrace::cli
