// SPDX-License-Identifier: MIT
// Validity checks: conditions under which the numbers of a cell may be compared. A cell that fails
// one is kept and marked `invalid`. Each carries its value, its limit and a sentence. Pure
// functions, any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/observe/cpu_use.hpp"

namespace tailrace::campaign {

// What other processes may use of the CPUs, in cores.
inline constexpr double foreign_cores_max = 0.13;

struct validity_check {
  std::string name;
  bool ok = true;
  double value = 0;
  double limit = 0;
  std::string text;
};

// How a value and its limit are written in the text.
using unit_text = std::string (*)(double value);
std::string percent_text(double share);
std::string microseconds_text(double ns);

// "p99 send delay 89 µs exceeds the 50 µs limit", with `what` = "p99 send delay".
validity_check at_most(const char* name, const char* what, double value, double limit,
                       unit_text unit);
validity_check at_least(const char* name, const char* what, double value, double limit,
                        unit_text unit);

// disjoint: client and target had cores of their own, or share them on purpose.
validity_check disjoint_check(bool disjoint);

// Of every measured phase. disjoint: client and target had cores of their own, or share them on
// purpose. noise: none where it could not be read.
std::vector<validity_check> noise_checks(bool disjoint,
                                         const std::optional<observe::phase_noise>& noise);

nlohmann::json validity_json(const std::vector<validity_check>& checks);
// The texts of those that failed, or empty.
std::string failed_text(const std::vector<validity_check>& checks);

}  // namespace tailrace::campaign
