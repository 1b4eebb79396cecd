// SPDX-License-Identifier: MIT
// Validity checks: conditions under which the numbers of a cell may be compared. Each carries its
// value, its limit and a sentence, and by its name the metrics that it spoils where it fails; a
// cell of which nothing is left is kept and marked `invalid`. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/observe/cpu_use.hpp"

namespace tailrace::campaign {

// What other processes may use of the CPUs, in cores.
inline constexpr double foreign_cores_max = 0.13;

// Groups of metrics, as bits.
using metric_set = std::uint8_t;
inline constexpr metric_set metric_latency = 1;
inline constexpr metric_set metric_rate = 2;
inline constexpr metric_set metric_cpu = 4;  // CPU time, run delay and switches an operation
inline constexpr metric_set metric_user_memory = 8;
inline constexpr metric_set metric_kernel_memory = 16;

// What a check of this name spoils where it fails. Throws std::logic_error for a name that the
// table (validity.cpp) lacks.
metric_set spoiled_by(const std::string& check);

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

// The status of a cell that worked, of whose metrics there are `measured`: `ok`, also where some of
// them are spoiled; `overloaded` where less than the offered rate was achieved and nothing else is
// to blame; `invalid` where no metric is left.
const char* status_of(const std::vector<validity_check>& checks, metric_set measured);

}  // namespace tailrace::campaign
