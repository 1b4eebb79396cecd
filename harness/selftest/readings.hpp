// SPDX-License-Identifier: MIT
// What a campaign's records say of one form at one point: values, and the noise that was seen
// beside them. All generations of it together. Pure functions of the records, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::selftest {

struct records {
  std::vector<nlohmann::json> cells;  // lines of cells.jsonl
  std::vector<nlohmann::json> costs;  // lines of costs.jsonl
  nlohmann::json left_out = {};       // the manifest's points_left_out
};

struct place {  // which cells
  std::string point;
  std::string form;
};

// Those that were measured (status ok or invalid), one a generation.
std::vector<const nlohmann::json*> cells_at(const records& from, const place& where);

// Why there is no measurement there: the cause of the first cell or of the point that was left out,
// or that there is none.
struct absence {
  std::string cause;
  bool cannot_run = false;  // skipped or left out: this machine cannot do it
};
absence why_absent(const records& from, const place& where);

// The median over the generations of the number under a JSON pointer; none without a number.
std::optional<double> median_at(const records& from, const place& where, const std::string& path);

// The metric of a counted subject's sheet; its median over the repeats.
std::optional<double> cost_metric(const records& from, const std::string& form,
                                  const std::string& metric);

// Of the counts of all measured loads, how many requests are too many or too few.
std::optional<double> counts_off(const records& from);
// How many requests more or fewer were planned than rate and length of an open loop say, in all.
std::optional<double> planned_off(const records& from);

// Two forms at one point, slice by slice of the same round: the ratio of a number of the slices'
// (`cpu_per_op`, `rate`, `p50`), with the half width of its 99.9 % interval, both relative.
struct pair_ratio {
  double ratio = 1;
  double half_width = 0;
  std::size_t pairs = 0;
};
std::optional<pair_ratio> ratio_of(const records& from, const place& one, const place& other,
                                   const std::string& number);

// Seen outside of the responses, worst of the generations.
struct noise_seen {
  double lost_share = 0;   // of the target's CPU time, that others and the hypervisor took
  double late_p99_ns = 0;  // the client's own delay of sends
  double late_max_ns = 0;
  std::int64_t disturbed = 0;  // slices that were repeated
  std::string whom;            // who took most: name and ms
};
noise_seen noise_at(const records& from, const place& where);

}  // namespace tailrace::selftest
