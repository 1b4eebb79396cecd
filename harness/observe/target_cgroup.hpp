// SPDX-License-Identifier: MIT
// A memory cgroup of a target's own, and the kernel memory that is charged to it:
//   v2  memory.stat, `kernel` and `sock` (flushed up to 2 s late)
//   v1  memory.kmem.usage_in_bytes (batched by 64 pages a CPU) and that of TCP, for which the
//       cgroup gets a limit that nobody reaches
// Where it can be made is in group_parents.hpp. It is removed on every exit, also when the harness
// is killed: a janitor process waits for that. Single-threaded callers only (fork).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/observe/group_parents.hpp"

namespace tailrace::observe {

// Of memory.stat; nullopt where nothing of the kernel is in it.
std::optional<double> kernel_bytes_in_v2(std::string_view memory_stat);

class target_cgroup {
 public:
  // Tries v2, then v1; without either this is an empty object with a cause. Tests give the root of
  // another file tree.
  explicit target_cgroup(const std::string& root = "");
  ~target_cgroup();
  target_cgroup(const target_cgroup&) = delete;
  target_cgroup& operator=(const target_cgroup&) = delete;

  bool is_there() const { return !folder_.empty(); }
  bool v2() const { return v2_; }
  const std::string& cause() const { return cause_; }  // why there is none, or empty
  // Where a child writes "0" to join, before it execs; empty without a cgroup.
  std::string join_path() const { return folder_.empty() ? "" : folder_ + "/cgroup.procs"; }
  std::optional<double> kernel_bytes() const;
  // Whether TCP sockets that a member accepts are among them (accept_charge.hpp); tried once a
  // process, before the target joins. nullopt where that could not be tried.
  std::optional<bool> charges_accepted() const;
  // v2 statistics are flushed late: how long a level must rest before it is read.
  double settle_s() const { return v2_ ? 2.2 : 0.0; }

 private:
  bool try_make(const group_parent& parent);
  void start_janitor();

  bool v2_ = false;
  std::string folder_;
  std::string cause_;
  int janitor_pid_ = -1;
  int janitor_fd_ = -1;
};

}  // namespace tailrace::observe
