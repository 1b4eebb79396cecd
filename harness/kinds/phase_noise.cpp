// SPDX-License-Identifier: MIT
// See phase_noise.hpp.
#include "harness/kinds/phase_noise.hpp"

#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

namespace tailrace::kinds {

std::optional<machine_edge> machine_watch::read(int target) {
  const auto machine = observe::read_machine_use();
  if (!machine) return std::nullopt;
  const std::array<int, 2> ours = {::getpid(), target};
  return machine_edge{watch_.read(ours), *machine,
                      quota_.cores ? observe::read_throttling(quota_) : observe::throttling{}};
}

observe::phase_noise noise_between(const machine_edge& begin, const machine_edge& end) {
  observe::phase_noise noise = observe::noise_between(
      begin.machine, end.machine, 0, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
  std::int64_t others_ns = 0;
  for (const auto& [cpu, ns] : observe::difference(begin.others, end.others).ns_of_cpu)
    others_ns += ns;
  const auto wall_ns = static_cast<double>(end.machine.at_ns - begin.machine.at_ns);
  if (wall_ns <= 0) return noise;
  const std::int64_t throttled_ns = observe::difference(begin.throttled, end.throttled).ns;
  noise.foreign_cpu_share = static_cast<double>(others_ns) / wall_ns;
  noise.throttled_share = static_cast<double>(throttled_ns) / wall_ns;
  return noise;
}

nlohmann::json noise_json(const observe::phase_noise& noise,
                          std::optional<std::int64_t> involuntary) {
  nlohmann::json object = {{"foreign_cpu_share", noise.foreign_cpu_share},
                           {"steal_share", noise.steal_share},
                           {"throttled_share", noise.throttled_share},
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
