// SPDX-License-Identifier: MIT
// What `tailrace cost` was asked for. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace tailrace::cost {

struct cost_options {
  std::string target;  // path of the executable
  std::map<std::string, std::string> settings;
  std::string workload = "echo";
  int workers = 1;
  std::uint32_t connections = 50;
  std::size_t message_bytes = 64;
  int repeats = 3;
  std::set<std::string> only;  // groups of metrics; empty: all
  double step_limit_s = 20;    // of every single step
  std::string json;            // a file, "-" or empty: a table

  bool wants(const std::string& group) const { return only.empty() || only.contains(group); }
};

}  // namespace tailrace::cost
