// SPDX-License-Identifier: MIT
// Runs one cell of the plan from a fresh target process to the finished record. Whatever goes wrong
// is that cell's status and cause; only Ctrl-C (interrupted) and a results folder that cannot be
// written (refusal) leave it by an exception. Main thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/load_child.hpp"
#include "harness/campaign/plan.hpp"
#include "harness/observe/topology.hpp"
#include "harness/session/target_session.hpp"

namespace tailrace::campaign {

struct cell_setting {
  std::vector<std::string> load_program;  // the command line up to its options
  observe::cpu_partition cpus;
  session::target_limits limits;
  std::string files_folder;  // where the file of file points is kept
};

struct cell_work {
  const planned_cell& cell;
  const point& work;
  const subject& who;
  const contestant& program;
};

// The record without the histogram files: `load.histograms` holds the texts still.
nlohmann::json run_cell(const cell_work& work, const cell_setting& setting);

// The kinds of work; they fill the record as they go and throw refusal.
void run_load_cell(const cell_work& work, const cell_setting& setting, nlohmann::json& record);
void run_memory_cell(const cell_work& work, const cell_setting& setting, nlohmann::json& record);
void run_inprocess_cell(const cell_work& work, const cell_setting& setting, nlohmann::json& record);

// Marks the record from the faults and gates found: failed, gated or ok.
void judge(nlohmann::json& record, const std::vector<std::string>& faults,
           const std::string& missed_gates);

session::target_request target_request_of(const cell_work& work, const cell_setting& setting);
load_request load_request_of(const cell_work& work, const cell_setting& setting,
                             const std::string& address);

// RLIMIT_NOFILE's hard value: what children may raise theirs to.
std::int64_t open_files_max();

}  // namespace tailrace::campaign
