// SPDX-License-Identifier: MIT
// In which group the scheduler holds a process. CPU time is first shared between groups (cgroups of
// the cpu controller; in the root one a group a session: sched(7), "The autogroup feature"), and
// only then inside a group by class and nice value. So SCHED_IDLE is idle among its own group
// alone: a spinner in a session of its own took 1.46 s of 3 s from a normal process on the same
// CPU, which got 0.48 s; in the same session 0.00 s of 0.65 s (Linux 6.18, a third on that CPU).
// Any thread; some 50 us.
#pragma once

#include <string>

namespace tailrace::observe {

// Equal text = same group. Tests give the root of another file tree.
std::string scheduler_group(const std::string& process = "self", const std::string& root = "");

}  // namespace tailrace::observe
