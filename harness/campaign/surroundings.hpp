// SPDX-License-Identifier: MIT
// What the harness itself puts beside the slices of a group, as their points want it: spinners that
// keep the CPUs awake, and a planted neighbour on the target's CPU. Each runs during slices of
// points that want it and stands still at all other times, so that points of different settings
// share a group. Main thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/campaign/sliced_work.hpp"
#include "harness/observe/keep_awake.hpp"
#include "harness/observe/planted_neighbour.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::campaign {

class surroundings {
 public:
  explicit surroundings(observe::cpu_partition cpus) : cpus_(std::move(cpus)) {}

  // Why the CPUs cannot be kept awake for this target, or empty. The first call starts spinners.
  std::string no_keep_awake_for(int target_pid);
  // Whether nobody has ended a spinner.
  bool spinners_alive() const { return spinners_ == nullptr || spinners_->all_alive(); }

  // Before a slice in SCHED_FIFO of that length: waits until a tenth of it has passed since the
  // last slice. Without a pause the kernel would stop both sides for a twentieth of each second.
  void rest_before_fifo(double slice_s) const;

  // Around one slice: what it wants runs while the object lives.
  class turn {
   public:
    turn(surroundings& of, bool keep_awake, const observe::neighbour_schedule& planted);
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn();

    std::optional<int> neighbour_pid() const;
    // Of all that the harness has beside slices, whether or not it runs: no neighbours of theirs.
    std::vector<int> own_pids() const;

   private:
    surroundings& of_;
    bool keep_awake_;
    observe::planted_neighbour* planted_ = nullptr;
  };

 private:
  observe::planted_neighbour& planted(const observe::neighbour_schedule& wanted);

  struct planting {
    observe::neighbour_schedule schedule;
    std::unique_ptr<observe::planted_neighbour> process;
  };

  observe::cpu_partition cpus_;
  std::int64_t slice_ended_ns_ = 0;
  std::unique_ptr<observe::keep_awake> spinners_;
  std::vector<planting> planted_;
};

}  // namespace tailrace::campaign
