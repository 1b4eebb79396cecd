// SPDX-License-Identifier: MIT
// One subject at one point of a generation while it is alive: its connections, its slices, and the
// record that comes of them. A refusal at any step ends it alone: it is then its status and cause.
// Main thread only.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/live_target.hpp"
#include "harness/campaign/load_process.hpp"
#include "harness/campaign/sliced_work.hpp"
#include "harness/campaign/surroundings.hpp"

namespace tailrace::campaign {

class live_cell {
 public:
  // what: outlives the object, and so do the others.
  live_cell(const cell_context& what, load_process& load, edge_reader& edges, surroundings& around);

  bool alive() const { return alive_; }
  const cell_context& what() const { return what_; }
  const sliced_work& work() const { return *what_.at.work->sliced(); }
  // Runs the step; a refusal of it ends the cell.
  template <class Step>
  void attempt(const Step& step) {
    if (!alive_) return;
    try {
      step();
    } catch (const refusal& refused) {
      end_by(refused);
    }
  }
  void end_by(const refusal& refused);

  // Whether its CPUs are to be kept awake, by the option or by the point.
  bool wants_keep_awake() const;
  // They are, or why they cannot be: before its first slice.
  void keep_awake();
  void go_without_keep_awake(const std::string& cause);

  // Opens its connections to the target, which serves it from now on.
  void open(live_target& target);
  // Load that is not counted, until it is flat or the time for it is over.
  void warm_up();
  // A slice in `round`, at_s after the beginning of the generation. count_slice() follows.
  void run_slice(int round, double at_s);
  void count_slice(bool kept);
  // What others had of the target's CPUs in the last slice.
  double disturbance() const;

  // Takes the result from the load process.
  void finish_load();
  // Closes its connections, also of a cell that has ended.
  void close_load() noexcept;
  // Bytes that were verified and connections that were opened, for other points of the target.
  std::int64_t verified_bytes() const;
  std::int64_t opened_connections() const;
  // counts: of the target, without the work of its other points.
  void conclude(const session::result_event& result, const session::count_map& counts);
  live_target* target() const { return target_; }

  nlohmann::json take_record();

 private:
  bool wants_fifo() const { return what_.setting.tuned || work().slices().fifo; }
  slice_reading slice(double settle_s, double duration_s, std::uint64_t seed);

  cell_context what_;
  load_process& load_;
  edge_reader& edges_;
  surroundings& around_;
  live_target* target_ = nullptr;
  bool alive_ = true;
  bool open_ = false;
  bool keep_awake_ = false;
  std::int64_t begin_ns_;
  nlohmann::json record_;
  std::optional<target_note> note_;  // writes what the record says of the target
  nlohmann::json warmup_;
  nlohmann::json result_;
  std::vector<slice_reading> slices_;
};

}  // namespace tailrace::campaign
