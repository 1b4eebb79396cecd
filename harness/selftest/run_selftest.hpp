// SPDX-License-Identifier: MIT
// `tailrace selftest`: an ordinary campaign of servers of known behaviour (profiles/selftest.toml),
// judged (judge.hpp) and told as a table. Main thread only; a minute, the short form some ten
// seconds, more on a machine that is disturbed.
#pragma once

#include <string>
#include <vector>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/run_campaign.hpp"
#include "harness/selftest/judge.hpp"

namespace tailrace::selftest {

struct selftest_options {
  campaign::kind_list kinds;
  bool brief = false;   // each measurement as short as it can be
  bool strict = false;  // what was disturbed, or cannot be measured here, is a failure
  strictness how = strictness::tolerances;
  std::string keep = {};  // a folder that the campaign stays in; empty: it is removed
  std::string targets =
      {};  // with tailrace-target-calibration; empty: servers/ beside this program
};

// Exit code: 0 all holds, 1 not, 130 interrupted.
int run_selftest(const selftest_options& options);

// The short form that a campaign begins with (profiles/selftest-campaign.toml): some ten seconds,
// with options like the campaign's. Says on standard output what a reader of the campaign must
// know, and returns selftest.json (results/README.md); where it could not run, with the cause.
// Throws session::interrupted.
nlohmann::json run_for_campaign(const campaign::run_options& like);

// A verdict as a row of selftest.json. Pure.
nlohmann::json row_json(const verdict& of);

// In a line, and one more for each row that failed. Pure.
std::string tell_briefly(const std::vector<verdict>& verdicts);

// The table with its last sentence, and the exit code that goes with it. Pure.
struct told {
  std::string text;
  bool believed = false;
};
told tell(const std::vector<verdict>& verdicts, bool strict);

}  // namespace tailrace::selftest
