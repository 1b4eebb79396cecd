// SPDX-License-Identifier: MIT
// How much memory a target holds at one moment, user and kernel apart.
// User: private pages (clean and dirty) less those it has given back lazily (MADV_FREE). Equal to
// the proportional set size for anonymous memory and io_uring rings, but does not move when an
// unrelated process maps or unmaps the same shared library; the proportional size is in the parts.
// Kernel, best source first, and the reading says which:
//   cgroup-v2  memory.stat of a cgroup of the target's own (flushed up to 2 s late)
//   cgroup-v1  memory.kmem.usage_in_bytes of such a cgroup (batched by 64 pages a CPU)
//   procfs     page tables and thread stacks only: sockets cannot be told from other processes'
// Making the cgroup needs the right to (root, or delegation); it is removed on every exit, also
// when the harness is killed: a janitor process waits for that. Single-threaded callers only
// (fork).
#pragma once

#include <map>
#include <optional>
#include <string>

namespace tailrace::observe {

enum class memory_source { cgroup_v2, cgroup_v1, procfs };
const char* memory_source_name(memory_source source);

struct memory_reading {
  double user_bytes = 0;
  double kernel_bytes = 0;
  std::map<std::string, double> parts;
};

// The user bytes alone. nullopt once the process is gone.
std::optional<double> read_user_bytes(int pid);

class target_cgroup {
 public:
  // Tries v2, then v1; without either this is an empty object whose source is procfs.
  target_cgroup();
  ~target_cgroup();
  target_cgroup(const target_cgroup&) = delete;
  target_cgroup& operator=(const target_cgroup&) = delete;

  memory_source source() const { return source_; }
  const std::string& cause() const { return cause_; }  // why not a better source, or empty
  // Where a child writes "0" to join, before it execs; empty with procfs.
  std::string join_path() const { return folder_.empty() ? "" : folder_ + "/cgroup.procs"; }
  // nullopt once the process is gone.
  std::optional<memory_reading> read(int pid) const;
  // v2 statistics are flushed late: how long a level must rest before it is read.
  double settle_s() const { return source_ == memory_source::cgroup_v2 ? 2.2 : 0.0; }

 private:
  bool try_make(const std::string& parent, const std::string& witness, memory_source source);
  void start_janitor();
  double read_kernel(const memory_reading& own) const;

  memory_source source_ = memory_source::procfs;
  std::string folder_;
  std::string cause_;
  int janitor_pid_ = -1;
  int janitor_fd_ = -1;
};

}  // namespace tailrace::observe
