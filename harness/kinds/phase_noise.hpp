// SPDX-License-Identifier: MIT
// Who else used the CPUs during a phase of work in a target's own process, and whether it stood
// still for a CPU quota: read at both of its edges. Kernel threads that work for whoever does I/O
// are no neighbours: it may be the target's. Main thread; about 2 ms a reading beside 100 processes
// (harness/observe/neighbours.hpp), and 4 us a cgroup of the path where there is a quota.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <utility>

#include "harness/observe/cpu_quota.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/neighbours.hpp"

namespace tailrace::kinds {

struct machine_edge {
  observe::neighbour_edge others;
  observe::machine_use machine;
  observe::throttling throttled;  // zero where there is no quota
};

class machine_watch {
 public:
  explicit machine_watch(observe::cpu_quota quota = observe::find_cpu_quota())
      : quota_(std::move(quota)) {}
  // Nothing where /proc cannot be read. target: no neighbour either.
  std::optional<machine_edge> read(int target);

 private:
  observe::neighbour_watch watch_;
  observe::cpu_quota quota_;
};

observe::phase_noise noise_between(const machine_edge& begin, const machine_edge& end);

// The object `noise` of a cell. involuntary: switches of the target in between, if known.
nlohmann::json noise_json(const observe::phase_noise& noise,
                          std::optional<std::int64_t> involuntary);

}  // namespace tailrace::kinds
