// SPDX-License-Identifier: MIT
// While one exists, this process and the children that it starts are on one CPU and in the
// scheduling class whose threads do not push each other off it when they wake (SCHED_BATCH). Client
// and target then take turns: the client sends a whole round, the target finds it whole, and how
// many messages a wait brings is the same each time. Where the kernel refuses, the counts are the
// same but vary more. Main thread, before any child.
#pragma once

#include <sched.h>

namespace tailrace::cost {

class one_cpu {
 public:
  one_cpu();
  ~one_cpu();
  one_cpu(const one_cpu&) = delete;
  one_cpu& operator=(const one_cpu&) = delete;

 private:
  cpu_set_t cpus_before_;
  int policy_before_;
};

}  // namespace tailrace::cost
