// SPDX-License-Identifier: MIT
// Who else used the CPUs during a phase: machine and harness are read at both of its edges. Main
// thread; a few microseconds a reading.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "harness/observe/cpu_use.hpp"

namespace tailrace::kinds {

struct machine_edge {
  observe::process_use harness;
  observe::machine_use machine;
};
// Nothing where /proc cannot be read.
std::optional<machine_edge> read_machine_edge();

// children_cpu_ns: CPU time of target and client in between.
observe::phase_noise noise_between(const machine_edge& begin, const machine_edge& end,
                                   std::int64_t children_cpu_ns);

// The object `noise` of a cell. involuntary: switches of target and client in between, if known.
nlohmann::json noise_json(const observe::phase_noise& noise,
                          std::optional<std::int64_t> involuntary);

}  // namespace tailrace::kinds
