// SPDX-License-Identifier: MIT
// See phase_noise.hpp.
#include "harness/kinds/phase_noise.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace tailrace::kinds {

std::optional<machine_edge> read_machine_edge() {
  const auto harness = observe::read_process_use(::getpid());
  const auto machine = observe::read_machine_use();
  if (!harness || !machine) return std::nullopt;
  return machine_edge{*harness, *machine};
}

observe::phase_noise noise_between(const machine_edge& begin, const machine_edge& end,
                                   std::int64_t children_cpu_ns) {
  const std::int64_t ours_ns = children_cpu_ns + end.harness.cpu_ns - begin.harness.cpu_ns;
  return observe::noise_between(begin.machine, end.machine, ours_ns,
                                static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

nlohmann::json noise_json(const observe::phase_noise& noise,
                          std::optional<std::int64_t> involuntary) {
  nlohmann::json object = {{"foreign_cpu_share", noise.foreign_cpu_share},
                           {"steal_share", noise.steal_share},
                           {"involuntary_switches", nullptr},
                           {"cpu_pressure_avg10", nullptr}};
  if (involuntary) {
    object["involuntary_switches"] = *involuntary;
  } else {
    object["involuntary_switches_cause"] = "a thread ended meanwhile and took its count along";
  }
  if (const auto pressure = observe::cpu_pressure_avg10()) {
    object["cpu_pressure_avg10"] = *pressure;
  } else {
    object["cpu_pressure_avg10_cause"] = "no /proc/pressure/cpu";
  }
  return object;
}

}  // namespace tailrace::kinds
