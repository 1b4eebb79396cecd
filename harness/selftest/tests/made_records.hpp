// SPDX-License-Identifier: MIT
// Records as a quiet machine with right numbers would have them, what changes them, and which rows
// see it. Pure values, any thread.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "harness/selftest/judge.hpp"

namespace tailrace::selftest {

nlohmann::json counts(int planned);
// Closed loop in eight slices; cpu_ns of an echo.
nlohmann::json slices(const std::string& form, int block, double cpu_ns);
records good();

// The first cell of a form; throws where there is none.
nlohmann::json& found(records& in, const std::string& form);
void each_of(records& in, const std::string& form,
             const std::function<void(nlohmann::json&)>& change);
void scale_latency(nlohmann::json& cell, const char* which, double by);
// All times of these forms, later by so much.
void shift_latencies(records& in, const std::vector<const char*>& forms, double by_ns);
inline const std::vector<const char*> all_delays = {"delay-100", "delay-200", "delay-1000",
                                                    "bimodal"};

// "test, quantity" of rows.
using names = std::set<std::string>;
names rows_with(const std::vector<verdict>& verdicts, outcome what);
names failed(const records& in, strictness how = strictness::tolerances);
// Throws where there is none.
verdict of_row(const std::vector<verdict>& verdicts, const std::string& name);

}  // namespace tailrace::selftest
