// SPDX-License-Identifier: MIT
// What is read at both edges of a slice, on the target's machine: the target's CPU clock, run delay
// and switches, CPU time of everybody else by process, and what the hypervisor took. Main thread;
// about 1 ms a reading beside 100 processes (harness/observe/neighbours.hpp), and up to 30 ms more
// for a target with a thousand threads that ran (process_clock.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/observe/cpu_quota.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/neighbours.hpp"
#include "harness/observe/process_clock.hpp"

namespace tailrace::campaign {

// Who else ran on the target's CPUs.
struct disturber {
  std::string name;
  std::int64_t ns = 0;
};

// Of one slice, from before its first request until after its last answer.
struct slice_use {
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;  // of the target
  std::int64_t user_ticks = 0;
  std::int64_t system_ticks = 0;
  std::int64_t client_cpu_ns = 0;
  std::int64_t run_delay_ns = 0;  // its threads were ready and waited for a CPU
  observe::switch_counts switches;
  bool threads_ended = false;         // what they had is missing, but for the CPU time
  std::int64_t others_ns = 0;         // of everybody else on the target's CPUs, without kernel I/O
  std::int64_t kernel_io_ns = 0;      // of kernel threads there that work for whoever does I/O
  std::int64_t steal_ns = 0;          // of the target's CPUs, in ticks of 10 ms
  std::int64_t throttled_ns = 0;      // its cgroup stood still for its CPU quota
  std::int64_t neighbour_ns = 0;      // CPU time of the planted neighbour; among no others
  bool seen_all = true;               // whether everybody else could be seen
  std::vector<disturber> disturbers;  // most first

  // What others, the hypervisor and a CPU quota took of the target's CPUs, as a share of their
  // time.
  [[nodiscard]] double disturbance(std::size_t target_cpus) const;
};

// Who is read apart from everybody else.
struct slice_processes {
  int target = 0;
  int client = 0;
  std::vector<int> beside = {};       // what the harness puts there (surroundings.hpp)
  std::optional<int> neighbour = {};  // the planted one of them that runs
};

struct slice_edge {
  observe::process_edge target;
  observe::process_use ticks;
  std::int64_t client_cpu_ns = 0;
  observe::neighbour_edge others;
  std::map<int, observe::machine_use> cpus;
  observe::throttling throttled;
  std::optional<std::int64_t> neighbour_cpu_ns;
};

class edge_reader {
 public:
  // quota: of the cgroup of the targets, which is the harness'.
  explicit edge_reader(observe::cpu_quota quota = observe::find_cpu_quota())
      : quota_(std::move(quota)) {}
  // clock: the target's. nullopt when one of the processes has gone.
  std::optional<slice_edge> read(observe::process_clock& clock, const slice_processes& of);

 private:
  observe::cpu_quota quota_;
  observe::neighbour_watch watch_;
};

slice_use use_between(const slice_edge& begin, const slice_edge& end,
                      const std::vector<int>& target_cpus);

}  // namespace tailrace::campaign
