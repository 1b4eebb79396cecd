// SPDX-License-Identifier: MIT
// See memory_levels.hpp.
#include "harness/kinds/memory_levels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/kinds/reported_counts.hpp"
#include "harness/load/random.hpp"
#include "harness/observe/slope.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

using campaign::validity_check;
using nlohmann::json;

// Page and per-CPU batches make levels jump by this much without meaning anything.
constexpr double drift_floor_bytes = 256.0 * 1024;
constexpr double drift_share_max = 0.05;

json number_or_null(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

template <class Value>
json slope_json(const std::vector<level_reading>& levels, const std::string& state,
                const Value& value) {
  std::vector<observe::level_at> points;
  for (const level_reading& each : levels) {
    if (each.state == state) points.push_back({static_cast<double>(each.n), value(each)});
  }
  const auto fit = observe::fit_slope(points);
  if (!fit) {
    json none;
    for (const char* key : {"slope_bytes", "low_bytes", "high_bytes", "intercept_bytes", "r2"}) {
      none[key] = nullptr;
      none[std::string(key) + "_cause"] = "fewer than two different counts";
    }
    return none;
  }
  return {{"slope_bytes", fit->slope},
          {"low_bytes", number_or_null(fit->low)},
          {"high_bytes", number_or_null(fit->high)},
          {"intercept_bytes", fit->intercept},
          {"r2", fit->r2}};
}

json states_json(const std::vector<level_reading>& levels) {
  json states = json::object();
  for (const level_reading& each : levels) {
    if (states.contains(each.state)) continue;
    json parts = json::object();
    for (const char* part : {"kernel_stack", "page_tables", "slab_and_sockets"}) {
      if (!each.memory.parts.contains(part)) continue;
      parts[part] = slope_json(levels, each.state, [part](const level_reading& at) {
        return at.memory.parts.at(part);
      })["slope_bytes"];
    }
    states[each.state] = {
        {"user", slope_json(levels, each.state,
                            [](const level_reading& at) { return at.memory.user_bytes; })},
        {"kernel", slope_json(levels, each.state,
                              [](const level_reading& at) { return at.memory.kernel_bytes; })},
        {"kernel_parts", parts}};
  }
  return states;
}

std::string bytes_text(double bytes) {
  return fmt::format("{:.0f} bytes", bytes);
}

// The two zero levels of the first state against the signal.
template <class Value>
validity_check drift_check(const std::vector<level_reading>& levels, const char* name,
                           const char* what, const Value& value) {
  double low = INFINITY;
  double high = -INFINITY;
  std::vector<double> zeros;
  for (const level_reading& each : levels) {
    if (each.state != levels.front().state) continue;
    low = std::min(low, value(each));
    high = std::max(high, value(each));
    if (each.n == 0) zeros.push_back(value(each));
  }
  const double drift = zeros.empty() ? 0 : std::abs(zeros.back() - zeros.front());
  const double limit = std::max(drift_floor_bytes, drift_share_max * (high - low));
  return campaign::at_most(name, what, drift, limit, bytes_text);
}

json samples_json(const std::vector<level_reading>& levels) {
  json samples = json::array();
  for (const level_reading& each : levels) {
    samples.push_back({{"state", each.state},
                       {"n", each.n},
                       {"t_s", each.t_s},
                       {"user_bytes", each.memory.user_bytes},
                       {"kernel_bytes", each.memory.kernel_bytes},
                       {"parts", each.memory.parts}});
  }
  return samples;
}

// 0 is first and last, what is between them shuffled.
std::vector<std::int64_t> order_of(const std::vector<std::int64_t>& counts, std::uint64_t seed) {
  std::vector<std::int64_t> order(counts.begin(), counts.end());
  load::random_source random(seed);
  for (std::size_t i = order.size(); i > 2; --i)
    std::swap(order[i - 1], order[1 + random.below(i - 1)]);
  order.push_back(0);
  return order;
}

}  // namespace

memory_level::memory_level(const campaign::cell_context& cell, const session::target_limits& limits,
                           const std::map<std::string, std::string>& options, double settle_s,
                           json& record, level_readings& into)
    : target_(
          pump_,
          [&] {
            session::target_request request = campaign::target_request_of(cell, options);
            request.cgroup_join_path = group_.join_path();
            return request;
          }(),
          limits),
      note_(target_, record),
      settle_s_(settle_s),
      record_(record),
      into_(into) {
  ready_ = target_.wait_ready();
  record_["target"]["ready"] = json_of(ready_);
}

void memory_level::read(const char* state, std::int64_t n) {
  target_.drain_for(settle_s_ + group_.settle_s());
  const auto memory = group_.read(target_.pid());
  if (!memory) {
    target_.require_alive("while its memory was read");
    throw refusal("the target's memory could not be read from /proc");
  }
  const auto t_s = static_cast<double>(observe::monotonic_ns() - into_.begin_ns) / 1e9;
  into_.all.push_back({state, n, t_s, *memory});
  into_.source = group_.source();
  into_.source_cause = group_.cause();
}

void memory_level::finish() {
  const session::result_event result = target_.stop();
  record_["target"]["result"] = json_of(result);
  for (std::string& fault : count_faults(result.counts))
    into_.faults.push_back(std::move(fault));
}

level_keys read_level_keys(const campaign::table_reader& in) {
  level_keys keys;
  keys.counts = in.integers("counts", 0, 10'000'000);
  keys.settle_s = in.number("settle_s", 0.2, 0, 60);
  std::ranges::sort(keys.counts);
  const std::set<std::int64_t> distinct(keys.counts.begin(), keys.counts.end());
  if (distinct.size() < 3 || distinct.size() != keys.counts.size() || keys.counts.front() != 0) {
    in.refuse("counts", "counts must be at least three different whole numbers, 0 among them");
  }
  return keys;
}

nlohmann::json work_in_levels::json() const {
  return {{"counts", keys_.counts}, {"settle_s", keys_.settle_s}};
}

double work_in_levels::expected_s() const {
  return static_cast<double>(keys_.counts.size() + 1) * (0.15 + states() * keys_.settle_s);
}

void work_in_levels::run(const campaign::cell_context& cell, nlohmann::json& record) const {
  const std::vector<std::int64_t> counts = counts_for(cell);
  level_readings read;
  for (const std::int64_t n : order_of(counts, cell.cell.seed))
    measure(cell, n, record, read);
  record["memory"] = {{"source", observe::memory_source_name(read.source)},
                      {"unit", unit()},
                      {"counts", counts},
                      {"states", states_json(read.all)},
                      {"client_half", client_half(read)},
                      {"samples", samples_json(read.all)}};
  campaign::judge(record, read.faults,
                  {drift_check(read.all, "user_memory_drift",
                               "difference in user memory between two empty targets",
                               [](const level_reading& at) { return at.memory.user_bytes; }),
                   drift_check(read.all, "kernel_memory_drift",
                               "difference in kernel memory between two empty targets",
                               [](const level_reading& at) { return at.memory.kernel_bytes; })});
}

}  // namespace tailrace::kinds
