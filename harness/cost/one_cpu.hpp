// SPDX-License-Identifier: MIT
// Puts this process, and the children that it starts later, on one CPU and into the scheduling
// class whose threads do not push each other off it when they wake (SCHED_BATCH). Client and target
// then take turns: the client sends a whole round, the target finds it whole, and how many messages
// a wait brings is the same each time. Main thread, before any child.
#pragma once

#include <string>

namespace tailrace::cost {

// The CPU, or -1 where the kernel refused: the counts are the same then, but vary more.
int stand_on_one_cpu();

}  // namespace tailrace::cost
