// SPDX-License-Identifier: MIT
// The CPU quota of a cgroup (containers, `CPUQuota=` of systemd): how much CPU time a process and
// all others of its cgroup may use in a period, after which all of them stand still until the next
// one. Such stops are tails of the quota's making; the kernel counts them.
//
// Source: cpu.max and cpu.stat of v2 (Documentation/admin-guide/cgroup-v2.rst), cpu.cfs_quota_us,
// cpu.cfs_period_us and cpu.stat of v1 (scheduler/sched-bwc.rst), of the own cgroup and of those
// above it as far as this mount shows them. Any thread; 4 us a file, of which a cgroup has two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::observe {

struct cpu_quota {
  // In cores, the least of the path; nullopt without a quota.
  std::optional<double> cores;
  std::int64_t period_us = 0;  // of that one
  std::string folder;          // of that one
  // Where the kernel counts stops, one file a cgroup of the path.
  std::vector<std::string> counters;
};

// Of the cgroup of `process` (a pid or "self"). Tests give the root of another file tree.
cpu_quota find_cpu_quota(const std::string& process = "self", const std::string& root = "");

// "cpu quota: 1.50 cores in periods of 100 ms (/sys/fs/cgroup/x)", or "" without one.
std::string in_words(const cpu_quota& quota);

// Since the cgroups were made, summed over them: two that stop at the same time count twice.
struct throttling {
  std::int64_t times = 0;
  std::int64_t ns = 0;
};
throttling read_throttling(const cpu_quota& quota);
throttling difference(const throttling& begin, const throttling& end);

}  // namespace tailrace::observe
