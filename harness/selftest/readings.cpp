// SPDX-License-Identifier: MIT
// See readings.hpp.
#include "harness/selftest/readings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "harness/observe/median.hpp"
#include "harness/record/json_fields.hpp"

namespace tailrace::selftest {
namespace {

using nlohmann::json;

// Of a normal distribution; the slices are some dozens.
constexpr double quantile_999 = 3.29;

const json* at_path(const json& object, const std::string& path) {
  const json::json_pointer pointer(path);
  return object.contains(pointer) ? &object.at(pointer) : nullptr;
}

std::optional<double> number_of(const json& object, const std::string& path) {
  const json* const found = at_path(object, path);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string text_of(const json& object, const std::string& path) {
  const json* const found = at_path(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

bool is_at(const json& cell, const place& where) {
  return text_of(cell, "/point/id") == where.point && text_of(cell, "/subject/form") == where.form;
}

bool measured(const json& cell) {
  const std::string status = text_of(cell, "/status");
  return status == "ok" || status == "overloaded" || status == "invalid";
}

// The loads of the campaign, those of memory points left out.
std::vector<const json*> loads_of(const records& from) {
  std::vector<const json*> found;
  for (const json& cell : from.cells)
    if (measured(cell) && number_of(cell, "/load/counts/planned")) found.push_back(&cell);
  return found;
}

std::optional<double> number_of_slice(const json& slice, const std::string& number) {
  if (number == "rate") return number_of(slice, "/achieved_per_s");
  if (number == "p50") return number_of(slice, "/p50_ns");
  const auto cpu_ns = number_of(slice, "/cpu_ns");
  const auto operations = number_of(slice, "/operations");
  if (!cpu_ns || !operations || *operations <= 0) return std::nullopt;
  return *cpu_ns / *operations;
}

// By generation and round.
std::map<std::pair<std::int64_t, std::int64_t>, double> by_round(const records& from,
                                                                 const place& where,
                                                                 const std::string& number) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> values;
  for (const json* const cell : cells_at(from, where)) {
    const json* const slices = record::member_of(*cell, "slices");
    if (slices == nullptr || !slices->is_array()) continue;
    for (const json& slice : *slices) {
      const auto value = number_of_slice(slice, number);
      const bool kept = slice.is_object() && slice.value("kept", json()) == true;
      if (!kept || !value || *value <= 0) continue;
      values[{record::integer_at(*cell, "block").value_or(0),
              record::integer_at(slice, "round").value_or(0)}] = *value;
    }
  }
  return values;
}

}  // namespace

std::vector<const json*> cells_at(const records& from, const place& where) {
  std::vector<const json*> found;
  for (const json& cell : from.cells)
    if (is_at(cell, where) && measured(cell)) found.push_back(&cell);
  return found;
}

absence why_absent(const records& from, const place& where) {
  for (const json& cell : from.cells) {
    if (!is_at(cell, where) || measured(cell)) continue;
    return {text_of(cell, "/cause"), text_of(cell, "/status") == "skipped"};
  }
  for (const json& cost : from.costs) {
    if (!where.point.empty() || text_of(cost, "/subject/form") != where.form) continue;
    if (text_of(cost, "/status") == "ok") return {"its sheet has no such number", false};
    return {text_of(cost, "/cause"), text_of(cost, "/status") == "skipped"};
  }
  for (const json& each : from.left_out)
    if (text_of(each, "/id") == where.point) return {text_of(each, "/cause"), true};
  return {"there is no such record", false};
}

std::optional<double> median_at(const records& from, const place& where, const std::string& path) {
  std::vector<double> values;
  for (const json* const cell : cells_at(from, where))
    if (const auto value = number_of(*cell, path)) values.push_back(*value);
  if (values.empty()) return std::nullopt;
  return observe::median(std::move(values));
}

std::optional<double> cost_metric(const records& from, const std::string& form,
                                  const std::string& metric) {
  for (const json& cost : from.costs) {
    const json* const metrics = at_path(cost, "/sheet/metrics");
    if (text_of(cost, "/subject/form") != form || metrics == nullptr) continue;
    for (const json& each : *metrics) {
      const json* const values = record::member_of(each, "values");
      if (text_of(each, "/name") != metric || values == nullptr || values->empty()) continue;
      return observe::median(values->get<std::vector<double>>());
    }
  }
  return std::nullopt;
}

std::optional<double> counts_off(const records& from) {
  const std::vector<const json*> loads = loads_of(from);
  if (loads.empty()) return std::nullopt;
  double off = 0;
  for (const json* const cell : loads) {
    const auto count = [&](const char* name) {
      return number_of(*cell, fmt::format("/load/counts/{}", name)).value_or(NAN);
    };
    const double planned = count("planned");
    const double sent = count("sent");
    const double recorded = number_of(*cell, "/load/latency_ns/response/count").value_or(NAN);
    off += std::abs(planned - sent - count("skipped_late") - count("never_sent"));
    off += std::abs(sent - count("ok") - count("wrong") - count("errors") - count("timed_out") -
                    count("in_flight"));
    // All that was planned is in the histogram, at its age where there was no answer.
    off += std::abs(planned - count("wrong") - count("errors") - recorded);
    if (std::isnan(recorded)) return std::nullopt;
  }
  return std::isnan(off) ? std::nullopt : std::optional(off);
}

std::optional<double> planned_off(const records& from) {
  std::optional<double> off;
  for (const json* const cell : loads_of(from)) {
    const auto rate = number_of(*cell, "/point/rate_per_s");
    const auto length_s = number_of(*cell, "/point/duration_s");
    const auto kept = number_of(*cell, "/noise/kept_slices");
    const auto slice_s = number_of(*cell, "/point/slice_s");
    if (!rate || !length_s || !kept || !slice_s) continue;
    const double expected = *rate * *slice_s * *kept;
    off = off.value_or(0) + std::abs(*number_of(*cell, "/load/counts/planned") - expected);
  }
  return off;
}

std::optional<pair_ratio> ratio_of(const records& from, const place& one, const place& other,
                                   const std::string& number) {
  const auto others = by_round(from, other, number);
  std::vector<double> logs;
  for (const auto& [round, value] : by_round(from, one, number))
    if (const auto beside = others.find(round); beside != others.end())
      logs.push_back(std::log(value / beside->second));
  if (logs.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(logs.size());
  double mean = 0;
  for (const double each : logs)
    mean += each / n;
  double squares = 0;
  for (const double each : logs)
    squares += (each - mean) * (each - mean);
  return pair_ratio{.ratio = std::exp(mean),
                    .half_width = quantile_999 * std::sqrt(squares / (n - 1) / n),
                    .pairs = logs.size()};
}

noise_seen noise_at(const records& from, const place& where) {
  noise_seen worst;
  double most_ms = 0;
  for (const json* const cell : cells_at(from, where)) {
    const auto number = [&](const char* path) { return number_of(*cell, path).value_or(0); };
    worst.lost_share =
        std::max(worst.lost_share, number("/noise/others_share") + number("/noise/steal_share"));
    worst.late_p99_ns = std::max(worst.late_p99_ns, number("/load/latency_ns/lateness/p99"));
    worst.late_max_ns = std::max(worst.late_max_ns, number("/load/latency_ns/lateness/max"));
    worst.disturbed += static_cast<std::int64_t>(number("/noise/disturbed_slices"));
    const double ms = number("/noise/disturbers/0/ms");
    if (ms <= most_ms) continue;
    most_ms = ms;
    worst.whom = fmt::format("{} {:.0f} ms", text_of(*cell, "/noise/disturbers/0/name"), ms);
  }
  return worst;
}

}  // namespace tailrace::selftest
