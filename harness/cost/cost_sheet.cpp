// SPDX-License-Identifier: MIT
// See cost_sheet.hpp.
#include "harness/cost/cost_sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/observe/median.hpp"

namespace tailrace::cost {
namespace {

using nlohmann::json;

const char* kind_name(metric_kind kind) {
  switch (kind) {
    case metric_kind::exact:
      return "exact";
    case metric_kind::banded:
      return "banded";
    case metric_kind::timed:
      return "timed";
  }
  return "timed";
}

std::string settings_text(const std::map<std::string, std::string>& settings) {
  std::string text;
  for (const auto& [name, value] : settings)
    text += fmt::format(" {}={}", name, value);
  return text;
}

}  // namespace

void cost_sheet::add(int repeat, const metric& what, double value) {
  auto at = std::ranges::find(metrics_, what.name, &metric::name);
  if (at == metrics_.end()) at = metrics_.insert(metrics_.end(), what);
  at->values.resize(static_cast<std::size_t>(repeat) + 1);
  at->values.back() = value;
}

void cost_sheet::add_absent(const std::string& name, const std::string& cause) {
  if (!is_absent(name)) absent_.push_back({name, cause});
}

bool cost_sheet::is_absent(const std::string& name) const {
  return std::ranges::count(absent_, name, &absence::name) > 0;
}

void cost_sheet::set_source(const std::string& group, const std::string& source) {
  const std::pair<std::string, std::string> entry(group, source);
  if (std::ranges::count(sources_, entry) == 0) sources_.push_back(entry);
}

json cost_sheet::json_of(const std::string& target_id, const cost_options& options) const {
  json object = {{"schema", "tailrace-cost-1"},
                 {"target", target_id},
                 {"executable", options.target},
                 {"settings", options.settings},
                 {"workload", options.workload},
                 {"workers", options.workers},
                 {"connections", options.connections},
                 {"message_bytes", options.message_bytes},
                 {"repeats", options.repeats},
                 {"metrics", json::array()},
                 {"absent", json::array()},
                 {"sources", json::object()}};
  for (const metric& each : metrics_) {
    if (is_absent(each.name)) continue;
    std::vector<double> values = each.values;
    values.resize(static_cast<std::size_t>(options.repeats));
    object["metrics"].push_back({{"name", each.name},
                                 {"unit", each.unit},
                                 {"kind", kind_name(each.kind)},
                                 {"values", values},
                                 {"operations", each.operations}});
  }
  for (const absence& each : absent_)
    object["absent"].push_back({{"name", each.name}, {"cause", each.cause}});
  for (const auto& [group, source] : sources_)
    object["sources"][group] = source;
  return object;
}

std::string cost_sheet::table_of(const std::string& target_id, const cost_options& options) const {
  std::string text = fmt::format("{}{}: {} of {} B over {} connections, repeated {} times\n",
                                 target_id, settings_text(options.settings), options.workload,
                                 options.message_bytes, options.connections, options.repeats);
  text += fmt::format("{:<32} {:>14} {:>14} {:<16} {}\n", "metric", "median", "max - min", "unit",
                      "kind");
  for (const metric& each : metrics_) {
    if (is_absent(each.name)) continue;
    std::vector<double> values = each.values;
    values.resize(static_cast<std::size_t>(options.repeats));
    const auto [least, most] = std::ranges::minmax(values);
    text += fmt::format("{:<32} {:>14.4f} {:>14.4f} {:<16} {}\n", each.name,
                        observe::median(std::move(values)), most - least, each.unit,
                        kind_name(each.kind));
  }
  for (const absence& each : absent_)
    text += fmt::format("{:<32} absent: {}\n", each.name, each.cause);
  return text;
}

}  // namespace tailrace::cost
