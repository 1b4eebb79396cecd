// SPDX-License-Identifier: MIT
// See one_cpu.hpp.
#include "harness/cost/one_cpu.hpp"

#include "harness/observe/topology.hpp"

namespace tailrace::cost {
namespace {

void set_policy(int policy) {
  const sched_param none{};
  ::sched_setscheduler(0, policy, &none);
}

}  // namespace

one_cpu::one_cpu() : policy_before_(::sched_getscheduler(0)) {
  CPU_ZERO(&cpus_before_);
  ::sched_getaffinity(0, sizeof cpus_before_, &cpus_before_);
  const auto cores = observe::usable_cores();
  if (!cores.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cores.back().back(), &set);
    ::sched_setaffinity(0, sizeof set, &set);
  }
  set_policy(SCHED_BATCH);
}

one_cpu::~one_cpu() {
  ::sched_setaffinity(0, sizeof cpus_before_, &cpus_before_);
  set_policy(policy_before_);
}

}  // namespace tailrace::cost
