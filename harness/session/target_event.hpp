// SPDX-License-Identifier: MIT
// What a target prints while it runs (runtimes/PROTOCOL.md), as typed values. A line that is no
// event by the protocol is a refusal with one sentence. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/session/result_histograms.hpp"

namespace tailrace::session {

using count_map = std::map<std::string, std::int64_t>;

struct ready_event {
  int pid = 0;
  std::vector<std::string> addresses;
  std::string backend;
  int workers = 0;
  nlohmann::json granted;  // an object
  // Of `granted`: how many are served at once.
  std::int64_t connections_at_once = INT64_MAX;
  std::int64_t tasks_at_once = INT64_MAX;
};

struct sample_event {
  std::int64_t t_ns = 0;
  count_map counts;
};

struct result_event {
  count_map counts;
  nlohmann::json metrics;  // an object of integers of 0 or more, and lists of such
  histogram_map histograms;
};

struct error_event {
  std::string message;
  std::string remedy;
};

using target_event = std::variant<ready_event, sample_event, result_event, error_event>;

// "ready", "sample", "result" or "error".
std::string_view kind_of(const target_event& event);

target_event read_event(const std::string& line);

// As they stand in a campaign's records: `ready` as it was printed, `result` without histograms.
nlohmann::json json_of(const ready_event& event);
nlohmann::json json_of(const result_event& event);

}  // namespace tailrace::session
