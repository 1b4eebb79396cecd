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
// A slope that is further off between two counts is told with its pieces.
constexpr double bend_share_max = 0.1;

// `uncharged` is among slab_and_sockets.
constexpr const char* kernel_parts[] = {"kernel_stack", "page_tables", "socket_buffers",
                                        "slab_and_sockets"};

json number_or_null(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

json no_slope(const std::string& cause) {
  json none;
  for (const char* key : {"slope_bytes", "low_bytes", "high_bytes", "intercept_bytes", "r2"}) {
    none[key] = nullptr;
    none[std::string(key) + "_cause"] = cause;
  }
  none["linear"] = nullptr;
  none["linear_cause"] = cause;
  none["pieces"] = json::array();
  return none;
}

std::optional<double> kernel_bytes(const level_reading& at) {
  return at.memory.kernel_bytes;
}

std::optional<double> user_bytes(const level_reading& at) {
  return at.memory.user_bytes;
}

// Without one reading that is not whole.
bool has_kernel(const std::vector<level_reading>& levels) {
  return std::ranges::all_of(
      levels, [](const level_reading& at) { return at.memory.kernel_bytes.has_value(); });
}

// One line a level, of a number that may be missing: then there is no slope, but its cause.
template <class Value>
json slope_json(const std::vector<level_reading>& levels, const std::string& state,
                const Value& value) {
  std::vector<observe::level_at> points;
  for (const level_reading& each : levels) {
    if (each.state != state) continue;
    const std::optional<double> bytes = value(each);
    if (!bytes) return no_slope(each.memory.kernel_cause);
    points.push_back({static_cast<double>(each.n), *bytes});
  }
  const auto fit = observe::fit_slope(points);
  if (!fit) return no_slope("fewer than two different counts");
  const auto between = observe::slope_pieces(points);
  json pieces = json::array();
  for (const observe::slope_piece& each : between) {
    pieces.push_back({{"from", static_cast<std::int64_t>(each.from)},
                      {"to", static_cast<std::int64_t>(each.to)},
                      {"slope_bytes", each.slope}});
  }
  return {{"slope_bytes", fit->slope},
          {"low_bytes", number_or_null(fit->low)},
          {"high_bytes", number_or_null(fit->high)},
          {"intercept_bytes", fit->intercept},
          {"r2", fit->r2},
          {"linear", observe::is_linear(*fit, between, bend_share_max, drift_floor_bytes)},
          {"pieces", std::move(pieces)}};
}

json states_json(const std::vector<level_reading>& levels) {
  json states = json::object();
  for (const level_reading& each : levels) {
    if (states.contains(each.state)) continue;
    json parts = json::object();
    for (const char* part : kernel_parts) {
      if (!each.memory.parts.contains(part)) continue;
      json slope = slope_json(levels, each.state, [part](const level_reading& at) {
        const auto found = at.memory.parts.find(part);
        return found == at.memory.parts.end() ? std::nullopt : std::optional(found->second);
      })["slope_bytes"];
      if (!slope.is_null()) parts[part] = std::move(slope);
    }
    json kernel = slope_json(levels, each.state, kernel_bytes);
    if (kernel["slope_bytes"].is_null()) parts = json::object();
    states[each.state] = {{"user", slope_json(levels, each.state, user_bytes)},
                          {"kernel", std::move(kernel)},
                          {"kernel_parts", std::move(parts)}};
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
    const double bytes = value(each).value_or(0);
    low = std::min(low, bytes);
    high = std::max(high, bytes);
    if (each.n == 0) zeros.push_back(bytes);
  }
  const double drift = zeros.empty() ? 0 : std::abs(zeros.back() - zeros.front());
  const double limit = std::max(drift_floor_bytes, drift_share_max * (high - low));
  return campaign::at_most(name, what, drift, limit, bytes_text);
}

json samples_json(const std::vector<level_reading>& levels) {
  json samples = json::array();
  for (const level_reading& each : levels) {
    json sample = {{"state", each.state},     {"n", each.n},
                   {"t_s", each.t_s},         {"user_bytes", each.memory.user_bytes},
                   {"kernel_bytes", nullptr}, {"parts", each.memory.parts}};
    if (each.memory.kernel_bytes) {
      sample["kernel_bytes"] = *each.memory.kernel_bytes;
    } else {
      sample["kernel_bytes_cause"] = each.memory.kernel_cause;
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

// A source some of whose readings are not whole is still named: the causes are theirs.
json source_json(const level_readings& read, bool whole) {
  json object = {{"source", observe::memory_source_name(read.source)},
                 {"source_cause", nullptr},
                 {"size_source", nullptr},
                 {"accepted_sockets", nullptr}};
  if (!read.source_cause.empty()) object["source_cause"] = read.source_cause;
  if (whole) object["size_source"] = read.size_source;
  if (read.charges_accepted)
    object["accepted_sockets"] = *read.charges_accepted ? "charged" : "added";
  return object;
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
            request.cgroup_join_path = meter_.join_path();
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

void memory_level::read(const char* state, std::int64_t n,
                        const observe::reading_context& context) {
  target_.drain_for(settle_s_ + meter_.settle_s());
  const auto memory = meter_.read(target_.pid(), context);
  if (!memory) {
    target_.require_alive("while its memory was read");
    throw refusal("the target's memory could not be read from /proc");
  }
  const auto t_s = static_cast<double>(observe::monotonic_ns() - into_.begin_ns) / 1e9;
  into_.all.push_back({state, n, t_s, *memory});
  into_.source = meter_.source();
  into_.source_cause = meter_.cause();
  into_.size_source = meter_.size_source();
  into_.charges_accepted = meter_.charges_accepted();
}

void memory_level::finish() {
  const session::result_event result = target_.stop();
  record_["target"]["result"] = json_of(result);
  for (std::string& fault : count_faults(result.counts))
    into_.faults.push_back(std::move(fault));
}

level_keys read_level_keys(const campaign::table_reader& in,
                           const std::vector<std::int64_t>& fallback) {
  level_keys keys;
  keys.counts = in.integers("counts", 0, 10'000'000);
  if (!in.has("counts") && !fallback.empty()) keys.counts = fallback;
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
  std::string cause;
  const std::vector<std::int64_t> counts = counts_for(cell, cause);
  level_readings read;
  for (const std::int64_t n : order_of(counts, cell.cell.seed))
    measure(cell, n, record, read);
  const bool whole = has_kernel(read.all);
  record["memory"] = source_json(read, whole);
  record["memory"].update(
      {{"unit", unit()},
       {"counts", counts},
       {"counts_cause", cause.empty() ? nlohmann::json() : nlohmann::json(cause)},
       {"states", states_json(read.all)},
       {"client_half", client_half(read)},
       {"samples", samples_json(read.all)}});
  std::vector<validity_check> checks = {
      drift_check(read.all, "user_memory_drift",
                  "difference in user memory between two empty targets", user_bytes)};
  if (whole) {
    checks.push_back(drift_check(read.all, "kernel_memory_drift",
                                 "difference in kernel memory between two empty targets",
                                 kernel_bytes));
  }
  campaign::judge(record, read.faults, checks);
}

}  // namespace tailrace::kinds
