// SPDX-License-Identifier: MIT
// What both targets of threads can choose. Pure function.
#pragma once

#include "runtimes/threads/runtime.hpp"
#include "workloads/options.hpp"

namespace tailrace::threads {

inline option_table<options>::row stack_option() {
  return option_table<options>::choice("stack_kib", &options::stack_kib,
                                       {{"default", 0}, {"128", 128}, {"256", 256}, {"1024", 1024}},
                                       "stack of each thread in KiB; default: as ulimit -s says");
}

}  // namespace tailrace::threads
