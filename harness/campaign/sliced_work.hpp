// SPDX-License-Identifier: MIT
// What a kind tells of a point that is measured in slices, beside other subjects and other points
// (generation.hpp). Immutable, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/validity.hpp"
#include "harness/observe/planted_neighbour.hpp"
#include "harness/session/target_event.hpp"

namespace tailrace::campaign {

struct slice_plan {
  int rounds = 1;           // slices that are wanted of each generation
  double slice_s = 0.06;    // measured part of a slice
  double settle_s = 0.01;   // load before it that is not measured
  double warmup_s = 1;      // at most so long is warmed up after the start
  bool keep_awake = false;  // its own default: whether CPUs are kept from going idle
  bool fifo = false;        // client and target run in SCHED_FIFO in its slices
  observe::neighbour_schedule planted = {};  // beside its slices, on the target's CPU
};

// 0 where there is nothing to divide by.
constexpr double ratio_or_0(double value, double of) {
  return of > 0 ? value / of : 0;
}

struct client_slice;  // load_process.hpp

// What a check needs of the slices that were kept.
struct slice_shares {
  double server = 0;  // of the CPUs it may use
  double client = 0;  // of one core
  double achieved =
      0;  // of what was due in a slice and was answered in it, the slice in the middle
};

class sliced_work {
 public:
  virtual ~sliced_work() = default;

  virtual slice_plan slices() const = 0;
  // Arguments of `tailrace load` beside address, seed and CPUs.
  // may_poll: the client has CPUs of its own.
  virtual std::vector<std::string> load_arguments(bool may_poll) const = 0;
  // What cannot be true of the load object and of the target's counts; the work of other points on
  // the same process is taken out of these. Each one is a sentence.
  virtual std::vector<std::string> faults(const nlohmann::json& load,
                                          const session::count_map& counts) const = 0;
  virtual std::vector<validity_check> checks(const nlohmann::json& load,
                                             const slice_shares& used) const = 0;
  // Whether the client came so late to its requests in this slice that response times say as much
  // of the client; by the limits of the check over the cell.
  virtual bool client_late(const client_slice& seen) const = 0;
};

}  // namespace tailrace::campaign
