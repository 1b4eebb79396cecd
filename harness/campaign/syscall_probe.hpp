// SPDX-License-Identifier: MIT
// System calls per operation of one contestant at one point: a run of its own, with a fresh target
// and a short load, because counting slows every system call of the machine down. Counted between
// two moments under steady load, against the target's own bytes. Main thread only; about 1.2 s.
#pragma once

#include <map>
#include <string>

#include "harness/campaign/cell_run.hpp"

namespace tailrace::campaign {

struct syscall_probe_result {
  double per_operation = 0;
  std::map<std::string, double> mix;  // per operation, by name; "other" is the rest
  std::string cause;                  // why there is none; empty when there is one
};

syscall_probe_result probe_syscalls(const cell_work& work, const cell_setting& setting);

}  // namespace tailrace::campaign
