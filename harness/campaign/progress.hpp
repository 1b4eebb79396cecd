// SPDX-License-Identifier: MIT
// What the user sees while a campaign runs. Its steps are its cells, and before them the counting
// of each subject. On a terminal one status line that is redrawn between steps (never during a
// measured phase), otherwise one plain line a finished step. Main thread only.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace tailrace::campaign {

// Cells by status.
struct tally {
  int ok = 0;
  int overloaded = 0;
  int invalid = 0;
  int failed = 0;
  int skipped = 0;
  void count(const std::string& status);
  std::string text() const;
};

class progress {
 public:
  // `expected_s` holds how long each step still to run is expected to take.
  progress(std::FILE* out, bool terminal, int done_before, std::vector<double> expected_s);
  void begin_step(const std::string& id);
  void end_step(const std::string& id, const std::string& status, const std::string& cause,
                double wall_s);
  // Leaves the status line.
  void finish();
  const tally& totals() const { return totals_; }
  tally& totals() { return totals_; }

 private:
  double remaining_s() const;
  void clear_line();
  std::FILE* out_;
  bool terminal_;
  int done_before_;
  int total_;
  std::vector<double> expected_s_;
  std::size_t done_ = 0;
  double spent_s_ = 0;
  double spent_expected_s_ = 0;
  tally totals_;
};

// "45 s", "3 min 20 s".
std::string duration_text(double seconds);

}  // namespace tailrace::campaign
