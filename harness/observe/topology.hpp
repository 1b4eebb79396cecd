// SPDX-License-Identifier: MIT
// Which CPUs the target gets and which the client: disjoint sets of whole physical cores, SMT
// siblings on the same side, out of the CPUs that this process may use. The choice is a pure
// function of the cores, so that it can be tested without the machine. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tailrace::observe {

using physical_core = std::vector<int>;  // CPU numbers, siblings together, ascending

// The cores whose CPUs this process may use (affinity and cpuset), in ascending order.
std::vector<physical_core> usable_cores();

struct cpu_partition {
  std::vector<int> target;
  std::vector<int> client;
  std::vector<int> one_of_each_core;  // of both sides, for what spins: siblings disturb each other
  bool disjoint = true;
  bool shared = false;  // not disjoint on purpose: both may use every CPU
  std::string note;     // why they are not disjoint, or empty
};

// Of each core the first CPU that either side uses. Chosen from `cores` before the process pins
// itself, after which usable_cores() are those it has left to itself.
std::vector<int> one_of_each_core(const std::vector<physical_core>& cores,
                                  const cpu_partition& parts);

// `target_cores` cores for the target and the rest for the client (at most `client_cores_max`);
// one core: both on it, disjoint = false and a note.
cpu_partition partition_cpus(const std::vector<physical_core>& cores, int target_cores,
                             int client_cores_max = 4);

// For what needs `target_cores` cores to be seen at all, such as balance between workers: as above
// where a core is left for the client, else, from two cores on, both sides on all of them.
cpu_partition partition_or_share_cpus(const std::vector<physical_core>& cores, int target_cores);

}  // namespace tailrace::observe
