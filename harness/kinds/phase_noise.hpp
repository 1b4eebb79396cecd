// SPDX-License-Identifier: MIT
// Who else used the CPUs during a phase of work in a target's own process: read at both of its
// edges. Kernel threads that work for whoever does I/O are no neighbours: it may be the target's.
// Main thread; about 2 ms a reading beside 100 processes (harness/observe/neighbours.hpp).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/neighbours.hpp"

namespace tailrace::kinds {

struct machine_edge {
  observe::neighbour_edge others;
  observe::machine_use machine;
};

class machine_watch {
 public:
  // Nothing where /proc cannot be read. target: no neighbour either.
  std::optional<machine_edge> read(int target);

 private:
  observe::neighbour_watch watch_;
};

observe::phase_noise noise_between(const machine_edge& begin, const machine_edge& end);

// The object `noise` of a cell. involuntary: switches of the target in between, if known.
nlohmann::json noise_json(const observe::phase_noise& noise,
                          std::optional<std::int64_t> involuntary);

}  // namespace tailrace::kinds
