// SPDX-License-Identifier: MIT
// Reads one event out of a line that a target printed, and checks its form. See target_child.hpp.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/conform/target_child.hpp"

namespace tailrace::conform {
namespace {

using json = nlohmann::json;

// runtimes/README.md, metrics.
constexpr std::array metrics_of_workers{
    "busy_ns",   "polls",     "parks",         "noop_parks", "steals",  "steal_operations",
    "overflows", "lifo_runs", "forced_yields", "wakes",      "retakes", "queue_depth"};
constexpr std::array metrics_of_the_whole{"tasks_spawned",    "tasks_finished", "tasks_failed",
                                          "tasks_cancelled",  "tasks_alive",    "open_descriptors",
                                          "timers_armed",     "inject_depth",   "remote_schedules",
                                          "blocking_threads", "blocking_depth", "stalls",
                                          "budget_exhausted", "threads_alive",  "refused_threads"};

std::string shown(const std::string& line) {
  return "'" + line.substr(0, 120) + (line.size() > 120 ? "...'" : "'");
}

const json& field(const json& object, const char* name, bool (json::*is)() const noexcept,
                  const char* type) {
  const auto found = object.find(name);
  require(found != object.end(), std::string("event without '") + name + "'");
  require(((*found).*is)(), std::string("'") + name + "' of an event is not " + type);
  return *found;
}

count_map read_counts(const json& object) {
  count_map counts;
  for (const auto& [name, value] : field(object, "counts", &json::is_object, "an object").items()) {
    require(value.is_number_integer(), "count '" + name.substr(0, 80) + "' is not an integer");
    counts[name] = value.get<std::int64_t>();
  }
  return counts;
}

std::int64_t metric_number(const json& value, const std::string& name) {
  require(value.is_number_integer(), "metric '" + name + "' is not made of integers");
  // Beyond 63 bits nlohmann keeps it unsigned, and it would come back negative.
  require(!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX,
          "metric '" + name + "' is beyond 63 bits");
  return value.get<std::int64_t>();
}

metric_map read_metrics(const json& object) {
  metric_map metrics;
  for (const auto& [key, value] : field(object, "metrics", &json::is_object, "an object").items()) {
    const std::string name = key.substr(0, 80);
    require(value.is_array() || value.is_number_integer(),
            "metric '" + name + "' is neither an integer nor a list of integers");
    metric_value& metric = metrics[key];
    metric.is_list = value.is_array();
    if (!metric.is_list) metric.numbers.push_back(metric_number(value, name));
    for (const json& each : metric.is_list ? value : json::array())
      metric.numbers.push_back(metric_number(each, name));
  }
  return metrics;
}

void read_ready(const json& object, target_event& event) {
  event.pid = field(object, "pid", &json::is_number_integer, "an integer").get<pid_t>();
  event.backend = field(object, "backend", &json::is_string, "a string").get<std::string>();
  event.workers = field(object, "workers", &json::is_number_integer, "an integer").get<int>();
  const json& granted = field(object, "granted", &json::is_object, "an object");
  const auto read_room = [&](const char* name, std::int64_t& room) {
    if (granted.contains(name))
      room = field(granted, name, &json::is_number_integer, "an integer").get<std::int64_t>();
  };
  read_room("connections_at_once", event.connections_at_once);
  read_room("tasks_at_once", event.tasks_at_once);
  for (const json& address : field(object, "addresses", &json::is_array, "a list")) {
    require(address.is_string(), "an address is not a string");
    event.addresses.push_back(address.get<std::string>());
  }
}

target_event read_event(const std::string& line) {
  const json object = json::parse(line, nullptr, false);
  require(object.is_object(), "a line of output is not a JSON object: " + shown(line));
  target_event event;
  event.kind = field(object, "event", &json::is_string, "a string").get<std::string>();
  if (event.kind == "ready") {
    read_ready(object, event);
  } else if (event.kind == "sample") {
    event.t_ns = field(object, "t_ns", &json::is_number_integer, "an integer").get<std::int64_t>();
    event.counts = read_counts(object);
  } else if (event.kind == "result") {
    event.counts = read_counts(object);
    event.metrics = read_metrics(object);
    const json& texts = field(object, "histograms", &json::is_object, "an object");
    for (const auto& [name, text] : texts.items()) {
      require(text.is_string(), "a histogram is not a string");
      event.histograms[name] = text.get<std::string>();
    }
  } else if (event.kind == "error") {
    event.message = field(object, "message", &json::is_string, "a string").get<std::string>();
    event.remedy = field(object, "remedy", &json::is_string, "a string").get<std::string>();
    require(!event.message.empty(), "an error event without a message");
  } else {
    throw check_failed("unknown event " + shown(event.kind));
  }
  return event;
}

}  // namespace

std::optional<target_event> target_child::next_event(steady::time_point until) {
  const std::optional<std::string> line = next_line(until);
  if (!line) return std::nullopt;
  return read_event(*line);
}

void require_adding_up(const count_map& counts, const std::string& workload) {
  std::vector<std::string> names{"accepted",   "closed", "open",   "received_bytes",
                                 "sent_bytes", "errors", "resets", "accept_errors"};
  if (workload == "idle") names.insert(names.end(), {"sleeping", "woken_early"});
  if (workload == "hog") names.push_back("burns");
  for (const std::string& name : names) {
    const auto found = counts.find(name);
    require(found != counts.end(), "the counts lack '" + name + "'");
    require(found->second >= 0, "count '" + name + "' is negative");
  }
  require(counts.at("accepted") == counts.at("closed") + counts.at("open"),
          "accepted " + std::to_string(counts.at("accepted")) + " is not closed " +
              std::to_string(counts.at("closed")) + " + open " + std::to_string(counts.at("open")));
}

void require_shape(const metric_map& metrics, int workers) {
  const auto documented = [](const auto& names, const std::string& name) {
    return std::ranges::find(names, name) != std::end(names);
  };
  for (const auto& [name, metric] : metrics) {
    const std::string shown_name = "metric '" + name.substr(0, 80) + "'";
    require(metric.is_list || !documented(metrics_of_workers, name),
            shown_name + " is of each worker and not a list");
    require(!metric.is_list || !documented(metrics_of_the_whole, name),
            shown_name + " is of the whole target and a list");
    require(!metric.is_list || metric.numbers.size() == static_cast<std::size_t>(workers),
            shown_name + " has " + std::to_string(metric.numbers.size()) + " entries for " +
                std::to_string(workers) + " workers");
    for (const std::int64_t number : metric.numbers)
      require(number >= 0, shown_name + " is negative");
  }
}

}  // namespace tailrace::conform
