// SPDX-License-Identifier: MIT
// All kinds of points. A new one is a file that defines its `kind` (and a line of CMakeLists.txt),
// a line here and one in registry.cpp, its workload (workloads/, targets) and its file of the
// reports; in results/, its words in README.md and, where a point has new keys, these in
// schema.json. Any thread.
#pragma once

#include "harness/campaign/kind.hpp"

namespace tailrace::kinds {

extern const campaign::kind closed_loop;
extern const campaign::kind open_loop;
extern const campaign::kind memory;
extern const campaign::kind blocked_memory;
extern const campaign::kind task_memory;
extern const campaign::kind hog;
extern const campaign::kind skew;
extern const campaign::kind timer;
extern const campaign::kind file;

campaign::kind_list all();

}  // namespace tailrace::kinds
