// SPDX-License-Identifier: MIT
// See topology.hpp.
#include "harness/observe/topology.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {

std::vector<physical_core> usable_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<physical_core> cores;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const bool seen = std::ranges::any_of(
        cores, [&](const physical_core& core) { return std::ranges::count(core, cpu) > 0; });
    if (seen) continue;
    physical_core core = {cpu};
    const auto siblings =
        read_text(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
    const auto parsed = siblings.text ? parse_cpus(*siblings.text) : std::nullopt;
    for (const int sibling : parsed.value_or(std::vector<int>{})) {
      if (sibling > cpu && sibling < CPU_SETSIZE && CPU_ISSET(sibling, &allowed)) {
        core.push_back(sibling);
      }
    }
    cores.push_back(core);
  }
  return cores;
}

std::vector<int> one_of_each_core(const std::vector<physical_core>& cores,
                                  const cpu_partition& parts) {
  std::vector<int> chosen;
  for (const physical_core& core : cores) {
    const auto used = std::ranges::find_if(core, [&](int cpu) {
      return std::ranges::count(parts.target, cpu) + std::ranges::count(parts.client, cpu) > 0;
    });
    if (used != core.end()) chosen.push_back(*used);
  }
  return chosen;
}

cpu_partition partition_cpus(const std::vector<physical_core>& cores, int target_cores,
                             int client_cores_max) {
  cpu_partition parts;
  if (cores.empty()) {
    parts.disjoint = false;
    parts.note = "the CPUs of this process could not be read, so nothing is pinned";
    return parts;
  }
  if (cores.size() == 1) {
    parts.target = cores[0].size() > 1 ? std::vector<int>{cores[0][0]} : cores[0];
    parts.client = cores[0].size() > 1 ? std::vector<int>{cores[0][1]} : cores[0];
    parts.one_of_each_core = one_of_each_core(cores, parts);
    parts.disjoint = false;
    parts.note = "there is one core only, so client and target share it and disturb each other";
    return parts;
  }
  const auto for_target =
      std::clamp<std::size_t>(static_cast<std::size_t>(target_cores), 1, cores.size() - 1);
  const auto client_end =
      std::min(cores.size(), for_target + static_cast<std::size_t>(client_cores_max));
  for (std::size_t i = 0; i < client_end; ++i) {
    auto& side = i < for_target ? parts.target : parts.client;
    side.insert(side.end(), cores[i].begin(), cores[i].end());
  }
  std::ranges::sort(parts.target);
  std::ranges::sort(parts.client);
  parts.one_of_each_core = one_of_each_core(cores, parts);
  return parts;
}

cpu_partition partition_or_share_cpus(const std::vector<physical_core>& cores, int target_cores) {
  const auto wanted = static_cast<std::size_t>(std::max(1, target_cores));
  if (cores.size() < 2 || cores.size() > wanted) return partition_cpus(cores, target_cores);
  cpu_partition parts;
  for (const physical_core& core : cores)
    parts.target.insert(parts.target.end(), core.begin(), core.end());
  std::ranges::sort(parts.target);
  parts.client = parts.target;
  parts.one_of_each_core = one_of_each_core(cores, parts);
  parts.disjoint = false;
  parts.shared = true;
  parts.note = fmt::format(
      "{} workers need all {} cores, so the client runs beside them, neither pinned nor polling",
      target_cores, cores.size());
  return parts;
}

}  // namespace tailrace::observe
