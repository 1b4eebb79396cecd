// SPDX-License-Identifier: MIT
// Runs the cells of one block, which is one generation: those that are measured in slices alive
// together, as far as CPUs and descriptors allow, the others one after the other, each with a fresh
// process. What has run is written before the next begins. Main thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/campaign/campaign_setup.hpp"
#include "harness/campaign/generation.hpp"
#include "harness/campaign/load_process.hpp"
#include "harness/campaign/progress.hpp"
#include "harness/record/campaign.hpp"

namespace tailrace::campaign {

// The harness lives on the client's CPUs, so that it never disturbs the target.
void keep_off_target_cpus(const observe::cpu_partition& cpus);

class block_run {
 public:
  // note: told each finished cell.
  block_run(const campaign_setup& setup, record::campaign& campaign, progress& shown,
            std::function<void(const nlohmann::json&)> note)
      : setup_(setup), campaign_(campaign), shown_(shown), note_(std::move(note)) {}

  // cells: of one block, without those that are finished. Throws interrupted.
  void run(const std::vector<const planned_cell*>& cells);

 private:
  struct prepared {  // what of a cell follows from its point
    subject who;
    cell_setting setting;
  };

  prepared prepare(const planned_cell& cell) const;
  void run_alone(const cell_context& cell);
  void run_together(const std::vector<const cell_context*>& group);
  load_process& load_for(const observe::cpu_partition& cpus);
  void store(std::vector<nlohmann::json> records);

  const campaign_setup& setup_;
  record::campaign& campaign_;
  progress& shown_;
  std::function<void(const nlohmann::json&)> note_;
  session::output_pump pump_;
  recent_of_points recent_;
  std::map<std::string, std::unique_ptr<load_process>> loads_;  // by the CPUs of the client
};

}  // namespace tailrace::campaign
