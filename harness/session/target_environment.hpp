// SPDX-License-Identifier: MIT
// What the environment of a user would change in a program that is measured: allocators and
// libraries that are loaded before its own, settings of the C library's allocator and of the
// runtimes and virtual machines of peers. Children of the harness do not get it; what a measurement
// wants of these, it sets itself. Where libraries are found (LD_LIBRARY_PATH) is not among it.
#pragma once

#include <string>
#include <vector>

namespace tailrace::session {

// Names of those that are set, in alphabetical order. Main thread.
std::vector<std::string> variables_kept_from_targets();

// Takes them out of the environment of this process: in a child, before it executes its program.
void forget_variables_kept_from_targets();

}  // namespace tailrace::session
