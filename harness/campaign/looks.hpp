// SPDX-License-Identifier: MIT
// The looks of a campaign that goes on until it is decided: after how many generations it is looked
// at, and how long it may take. Fixed when it begins, and kept in its plan, since the error rate of
// its verdicts hangs on them. What is looked at, and the level of each look, is the reports' affair
// (reports/tailrace_report/looks.py, until.py). Pure functions, any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tailrace::campaign {

struct look_plan {
  std::vector<int> at;      // generations, growing; empty: no looks
  int at_most_minutes = 0;  // of measuring; 0: not said
};

// A first look at 8 can decide also where the last is at 80 (its level is two p values of eight
// generations); with fewer generations or a later last look it could not always.
inline constexpr int look_min = 8;
inline constexpr int look_max = 80;
inline constexpr int look_minutes_max = 10000;

// What is wrong with them, in a sentence; empty where nothing is.
std::string fault_of(const look_plan& looks);

nlohmann::json looks_json(const look_plan& looks);
// Of a plan.json; no looks where it has none. Throws nlohmann::json::exception.
look_plan looks_of_plan(const nlohmann::json& plan);

}  // namespace tailrace::campaign
