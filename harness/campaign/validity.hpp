// SPDX-License-Identifier: MIT
// The gates: conditions under which a number may be ranked. A cell that misses one is kept and
// marked `gated`. Each gate carries its value, its limit and a sentence. Pure functions, any
// thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/profile.hpp"

namespace tailrace::campaign {

struct gate {
  std::string name;
  bool ok = true;
  double value = 0;
  double limit = 0;
  std::string text;
};

struct gate_inputs {
  double server_cpu_share = 0;  // of the CPUs it may use
  double client_cpu_share = 0;  // of one core
  double foreign_cpu_share = 0;
  double steal_share = 0;
  bool noise_known = true;
  bool disjoint = true;
};

std::vector<gate> load_gates(const nlohmann::json& load, const point& work,
                             const gate_inputs& inputs);
std::vector<gate> noise_gates(const gate_inputs& inputs);

nlohmann::json gates_json(const std::vector<gate>& gates);
// The texts of those that were missed, or empty.
std::string missed_text(const std::vector<gate>& gates);

}  // namespace tailrace::campaign
