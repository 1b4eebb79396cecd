// SPDX-License-Identifier: MIT
// Runs one cell of the plan, from a fresh target process to the finished record. Whatever goes
// wrong is that cell's status and cause; only Ctrl-C (interrupted) leaves it by an exception.
// Main thread only.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/plan.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/observe/topology.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/target_session.hpp"

namespace tailrace::campaign {

class tuning;

struct cell_setting {
  std::vector<std::string> load_program;  // the command line up to its options
  observe::cpu_partition cpus;
  session::target_limits limits;
  std::string keep_awake = "auto";      // of all points: on, off, or auto, as each has it
  std::shared_ptr<const tuning> tuned;  // null: not
  std::string files_folder;  // where files to read are kept; absolute, it becomes an option
};

struct cell_context {
  const planned_cell& cell;
  const point& at;
  const subject& who;
  const contestant& program;
  const cell_setting& setting;
};

// The record without the histogram files: `histograms` of its objects hold the texts still.
nlohmann::json run_cell(const cell_context& cell);

// What is known of a cell before it runs.
nlohmann::json new_record(const cell_context& cell);
// Refuses (unsupported) more connections than there may be descriptors or, where each has its own,
// threads.
void require_room_for_connections(const cell_context& cell);

// What a form sets for one workload: without the options that only other workloads have. What no
// workload has stays, to be refused.
session::option_map form_options_for(const session::description& about, const std::string& workload,
                                     session::option_map of_form);

// For the kinds: a fresh process of the target, serving the point's workload. more: options beside
// the point's and the subject's. Refuses (unsupported) what the target has not of the point's and
// these.
session::target_request target_request_of(const cell_context& cell,
                                          const std::map<std::string, std::string>& more = {});

// Writes what the record says of a target, also when the cell fails: at the end of its life.
class target_note {
 public:
  target_note(session::target_session& target, nlohmann::json& record);
  ~target_note();
  target_note(const target_note&) = delete;
  target_note& operator=(const target_note&) = delete;

 private:
  session::target_session& target_;
  nlohmann::json& record_;
};

// Sets validity, status and cause: failed by a fault, else as the checks have it (validity.hpp).
void judge(nlohmann::json& record, const std::vector<std::string>& faults,
           const std::vector<validity_check>& checks);

// Refuses (unsupported) a contestant that cannot run here, or has no such workload.
void require_workload(const contestant& program, const std::string& workload);

// Status, cause and remedy of a record without a measurement.
void note_refusal(nlohmann::json& record, const refusal& refused);

// Descriptors of a target or client beside its connections: listener, epoll, pipes, libraries.
inline constexpr std::int64_t files_beside = 64;
// Threads and processes that come beside those of connections: target, client, harness.
inline constexpr std::int64_t threads_beside = 16;

}  // namespace tailrace::campaign
