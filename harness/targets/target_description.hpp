// SPDX-License-Identifier: MIT
// What a target says of itself (`describe`) and what it is asked to do (`run`), as plain data.
// Not the parsing (target_command_line.hpp) and not the printing (target_events.hpp).
// The contract is runtimes/PROTOCOL.md. Values only: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "workloads/counts.hpp"
#include "workloads/options.hpp"
#include "workloads/value_counts.hpp"

namespace tailrace {

using string_map = std::map<std::string, std::string>;

struct run_request {
  std::string workload;
  int workers = 1;
  std::vector<int> cpus;  // those that the process may use; worker i is pinned to the i-th
  std::string host = "0.0.0.0";
  std::uint16_t port = 0;
  option_values options;
};

struct target_description {
  std::string id = {};
  std::string family = {};  // in-house, library, os, floor or peer
  int order = 0;            // where reports list it
  std::string language = "C++23";
  std::string summary = {};
  string_map versions = {};  // libraries; compiler, flags, libc and tailrace are added
  std::string backend = {};
  std::optional<std::int64_t> timer_granularity_ns = {};  // nothing: has no `timer`
  std::string one_worker = {};  // what is not so with one worker; empty: all is
  std::vector<std::string> workloads = {};
  std::vector<std::string> in_process = {};  // those of them that have no client
  std::vector<option_spec> options = {};
  // What is wrong with options that are allowed one by one, as one sentence; empty: nothing.
  std::function<std::string(const run_request&)> objection = {};
  std::map<std::string, string_map> forms = {};  // `best` and `default` are added where absent
  string_map needs = {};
  // Sets what follows, where this machine may refuse the target. Null: nothing can be refused.
  std::function<void(target_description&)> examine_machine = {};
  bool available = true;
  std::string cause = {};   // why it is not available here
  std::string remedy = {};  // and what to do about it

  void refuse(std::string why, std::string what_to_do) {
    available = false;
    cause = std::move(why);
    remedy = std::move(what_to_do);
  }
};

// An ordered JSON object of scalars and integer lists: enough for metrics and flags.
using event_value =
    std::variant<bool, std::int64_t, std::uint64_t, double, std::string, std::vector<std::int64_t>>;
using event_fields = std::vector<std::pair<std::string, event_value>>;

struct ready_info {
  std::vector<std::string> addresses;  // "127.0.0.1:4242"; empty for in-process work
  std::string backend;                 // the one obtained, not the one hoped for
  int workers = 1;
  event_fields granted;  // flags and options in force; the request's options are added
};

struct result_info {
  named_counts counts;
  event_fields metrics;
  std::map<std::string, count_pairs> histograms;
};

}  // namespace tailrace
