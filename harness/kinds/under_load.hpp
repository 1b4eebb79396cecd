// SPDX-License-Identifier: MIT
// What kinds have in common whose target serves the load generator, in slices: their keys, the
// arguments of the load, and what has to add up. A kind adds its own to it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/sliced_work.hpp"
#include "harness/campaign/table_reader.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/session/target_event.hpp"

namespace tailrace::kinds {

struct load_keys {
  std::int64_t connections = 50;
  std::int64_t message_bytes = 64;
  std::int64_t depth = 1;   // messages outstanding a connection
  double rate_per_s = 0;    // 0: closed loop, the next message follows the answer
  std::string arrivals;     // of an open loop
  std::string engine;       // of the load generator
  double warmup_s = 2;      // at most, of each generation
  double duration_s = 0.8;  // measured in each generation, in slices
  double slice_s = 0.06;
  double settle_s = 0.01;  // load before each slice
  bool keep_awake = false;
  bool fifo = false;              // client and target run in SCHED_FIFO in its slices
  std::int64_t neighbour_us = 0;  // of each burst; 0: no neighbour is planted
  double neighbour_per_s = 0;

  bool open_loop() const { return rate_per_s > 0; }
};

load_keys read_load_keys(const campaign::table_reader& in, bool open_loop);

class work_under_load : public campaign::point_work, public campaign::sliced_work {
 public:
  explicit work_under_load(load_keys keys) : keys_(std::move(keys)) {}

  std::string derived_id() const final { return own_id() + (keys_.fifo ? "-fifo" : ""); }
  nlohmann::json json() const override;
  double expected_s() const override;
  std::int64_t connections() const override { return keys_.connections; }
  const campaign::sliced_work* sliced() const override { return this; }

  campaign::slice_plan slices() const override;
  std::vector<std::string> load_arguments(bool may_poll) const override;
  std::vector<std::string> faults(const nlohmann::json& load,
                                  const session::count_map& counts) const override;
  std::vector<campaign::validity_check> checks(const nlohmann::json& load,
                                               const campaign::slice_shares& used) const override;
  bool client_late(const campaign::client_slice& seen) const override;

 protected:
  const load_keys& keys() const { return keys_; }

  // derived_id() but for the scheduling class.
  virtual std::string own_id() const = 0;

  // Arguments of `tailrace load` beside those of the keys.
  virtual std::vector<std::string> load_options() const { return {}; }
  // The classes that the connections are divided into.
  virtual std::vector<std::string> classes() const { return {}; }
  // What else has to agree between load generator and target.
  virtual std::vector<std::string> own_faults(const nlohmann::json& load,
                                              const session::count_map& counts) const;

 private:
  load_keys keys_;
};

// Whether the load generator did what it was asked to, and was not the limit itself.
std::vector<campaign::validity_check> load_checks(const nlohmann::json& load, bool open_loop,
                                                  const campaign::slice_shares& used);

}  // namespace tailrace::kinds
