// SPDX-License-Identifier: MIT
// See registry.hpp.
#include "harness/kinds/registry.hpp"

namespace tailrace::kinds {

campaign::kind_list all() {
  static const campaign::kind kinds[] = {
      open_loop, closed_loop, memory, blocked_memory, task_memory, hog, skew, timer, file};
  return kinds;
}

}  // namespace tailrace::kinds
