// SPDX-License-Identifier: MIT
// See one_cpu.hpp.
#include "harness/cost/one_cpu.hpp"

#include <sched.h>

#include "harness/observe/topology.hpp"

namespace tailrace::cost {

int stand_on_one_cpu() {
  const auto cores = observe::usable_cores();
  if (cores.empty()) return -1;
  const int cpu = cores.back().back();
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  const sched_param none{};
  const bool pinned = ::sched_setaffinity(0, sizeof set, &set) == 0;
  const bool batch = ::sched_setscheduler(0, SCHED_BATCH, &none) == 0;
  return pinned && batch ? cpu : -1;
}

}  // namespace tailrace::cost
