// SPDX-License-Identifier: MIT
// What the user sees while a campaign runs. Its steps are its cells, and before them the counting
// of each subject. On a terminal one status line that is redrawn between steps (never during a
// measured phase), otherwise one plain line a generation; and a line that stays for each step that
// did not end as plain ok. Both have the time left and, with a twin, the resolution so far. Main
// thread only.
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
  // A line that is printed where there is no terminal, on which a step shows itself.
  void note(const std::string& text);
  void begin_step(const std::string& doing);
  void end_step(const std::string& id, const std::string& status, const std::string& cause,
                double wall_s);
  // resolution: as resolution.hpp has it; may be empty.
  void end_generation(int number, int of, const std::string& resolution);
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
  std::string resolution_;
  tally totals_;
};

// The first `columns` characters of UTF-8 text.
std::string cut_to(const std::string& text, std::size_t columns);
// "45 s", "3 min 20 s".
std::string duration_text(double seconds);

}  // namespace tailrace::campaign
