// SPDX-License-Identifier: MIT
// Where a memory cgroup may be made that a child of this process can join:
//   v2  the nearest cgroup, of the own and those above it, that hands its memory controller down
//       and that this user may write to. Root has one always; an ordinary user in what his service
//       manager started for him (systemd-run --user --scope, a service with Delegate=), not in what
//       a login gave him. A cgroup with processes of its own cannot hand it down, and nobody is
//       moved out of one.
//   v1  the own one, where this user may write to it.
// Any thread; a few small files. Source: Documentation/admin-guide/cgroup-v2.rst, "Delegation
// Containment" (who moves a process must be able to write to cgroup.procs of the cgroup that both
// places have in common) and "No Internal Process Constraint".
#pragma once

#include <string>
#include <vector>

namespace tailrace::observe {

struct group_parent {
  std::string folder;
  bool v2 = false;
};

struct group_parents {
  std::vector<group_parent> all;  // the best first
  std::string cause;              // why there are none, or empty
};

// Tests give the root of another file tree.
group_parents find_group_parents(const std::string& root = "");

}  // namespace tailrace::observe
