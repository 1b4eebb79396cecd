// SPDX-License-Identifier: MIT
// What kinds have in common whose target serves the load generator: their keys, how a cell runs,
// what it costs a message, and what has to add up. A kind adds its own to it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/table_reader.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/session/target_event.hpp"

namespace tailrace::kinds {

struct load_keys {
  std::int64_t connections = 50;
  std::int64_t message_bytes = 64;
  std::int64_t depth = 1;  // messages outstanding a connection
  double rate_per_s = 0;   // 0: closed loop, the next message follows the answer
  std::string arrivals;    // of an open loop
  std::string engine;      // of the load generator
  double warmup_s = 0.5;
  double duration_s = 2;

  bool open_loop() const { return rate_per_s > 0; }
};

load_keys read_load_keys(const campaign::table_reader& in, bool open_loop);

class work_under_load : public campaign::point_work {
 public:
  explicit work_under_load(load_keys keys) : keys_(std::move(keys)) {}

  nlohmann::json json() const override;
  double expected_s() const override { return keys_.warmup_s + keys_.duration_s + 0.3; }
  std::int64_t connections() const override { return keys_.connections; }
  void run(const campaign::cell_context& cell, nlohmann::json& record) const override;

 protected:
  const load_keys& keys() const { return keys_; }

  // Options of `tailrace load` beside those of the keys.
  virtual std::vector<std::string> load_options() const { return {}; }
  // The classes that the connections are divided into.
  virtual std::vector<std::string> classes() const { return {}; }
  // What else has to agree between load generator and target.
  virtual std::vector<std::string> own_faults(const nlohmann::json& load,
                                              const session::count_map& counts) const;

 private:
  load_keys keys_;
};

struct cpu_shares {
  double server = 0;  // of the CPUs it may use
  double client = 0;  // of one core
};
// Whether the load generator did what it was asked to, and was not the limit itself.
std::vector<campaign::validity_check> load_checks(const nlohmann::json& load, bool open_loop,
                                                  const cpu_shares& used);

}  // namespace tailrace::kinds
