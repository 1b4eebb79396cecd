// SPDX-License-Identifier: MIT
// Where the threads of a process wait, for a sentence about one that hangs. Any thread; one pass
// over /proc/PID/task.
#pragma once

#include <string>

namespace tailrace::observe {

// "3 threads: main in ep_poll (system call 232); 2 x worker in futex_wait (system call 202)", with
// the kernel's stack where it may be read; at most 8 different ones. Empty once it is gone.
std::string thread_stacks(int pid);

// A sentence about a process that hangs, and where its threads are.
std::string with_stacks(const std::string& sentence, int pid);

}  // namespace tailrace::observe
