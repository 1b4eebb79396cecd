// SPDX-License-Identifier: MIT
// From the records of a campaign to a verdict for each expectation. A pure function, any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/selftest/expectations.hpp"
#include "harness/selftest/readings.hpp"

namespace tailrace::selftest {

enum class outcome {
  holds,
  disturbed,  // outside of its tolerance, and noise was seen that can have moved it so
  unjudged,   // outside of its tolerance, where only bounds are judged
  cannot,     // this machine cannot measure it, with the cause
  failed      // outside without such noise, or of what no noise can break; or it is not there
};
const char* name_of(outcome what);

struct verdict {
  const expectation* row = nullptr;
  std::optional<double> measured;
  outcome what = outcome::failed;
  std::string note;  // what the outcome rests on; empty where it holds and nothing is to be said
};

enum class strictness {
  bounds_only,  // only what no noise can break is judged: for machines that are shared
  tolerances
};

std::vector<verdict> judge(const records& from, strictness how);

}  // namespace tailrace::selftest
