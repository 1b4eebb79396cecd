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
  disturbed,  // outside of its tolerance, and noise was seen that can have moved it so; or this
              // machine is too slow to tell
  unjudged,   // outside of its tolerance, where only bounds are judged
  cannot,     // this machine cannot measure it, with the cause
  failed      // outside without such noise, or of what no noise can break; or it is not there
};
const char* name_of(outcome what);

struct verdict {
  const expectation* row = nullptr;
  std::optional<double> measured;       // as it is read, nothing taken off
  std::optional<double> without_delay;  // that of the baseline, in the same unit
  outcome what = outcome::failed;
  std::string note;  // what the outcome rests on; empty where it holds and nothing is to be said

  // Measured less expected, as users of a number see it; and what is left of it after an echo
  // without delay, which is what the tolerance is of. There has to be a number.
  double bias() const { return *measured - row->expected; }
  double rest() const { return bias() - without_delay.value_or(0); }
};

enum class strictness {
  bounds_only,  // only what no noise can break is judged: for machines that are shared
  tolerances
};

// Of all expectations, or of these.
std::vector<verdict> judge(const records& from, strictness how);
std::vector<verdict> judge(const records& from, strictness how,
                           const std::vector<const expectation*>& rows);

// Those of which the plan of a short campaign (plan.json) has the cells. p99.9 is not among them:
// some thousand requests do not carry it.
std::vector<const expectation*> expectations_of(const nlohmann::json& plan);

}  // namespace tailrace::selftest
