// SPDX-License-Identifier: MIT
// Limits of the machine that a measurement runs into: open files, threads, local ports, locked
// memory, memory of the own cgroup. Each says how many there may be still, which of the settings
// that could set it does, and how that one is raised; who scales or skips a point says so in these
// words. The CPU quota is in cpu_quota.hpp.
//
// Sources: getrlimit(2), proc(5) for /proc/sys, pids.max and pids.current of the own cgroup and of
// those above it, v1 and v2 (Documentation/admin-guide/cgroup-v2.rst). What the rest of the machine
// holds at the moment is taken off where the kernel tells it. Any thread; some 50 us each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tailrace::observe {

struct machine_limit {
  std::int64_t most = INT64_MAX;  // none is known
  std::string set_by;             // "kernel.threads-max"; empty: nothing
  std::string how;                // it is raised, with {} for the number

  // One sentence without its full stop. wanted: the number to raise it to.
  std::string remedy(std::int64_t wanted) const;
};

// The functions take the root of another file tree from tests, which then have no rlimits.

// What a child may raise its own limit to: RLIMIT_NOFILE's hard value, unless the machine as a
// whole has fewer left (fs.file-max, which who has CAP_SYS_ADMIN may exceed).
machine_limit open_files_limit(const std::string& root = "");

// The least of kernel.threads-max, kernel.pid_max and pids.max along the path of the own cgroup,
// each without those that are there; vm.max_map_count, of which a thread takes two (stack, guard
// page); and RLIMIT_NPROC without the threads that the user has, which is not for the machine's
// root, whatever capabilities that has, nor for who has CAP_SYS_ADMIN or CAP_SYS_RESOURCE
// (copy_process() in kernel/fork.c).
machine_limit threads_limit(const std::string& root = "");

// Threads of all processes of the user that can be seen (those of other containers cannot), which
// is what RLIMIT_NPROC counts. One small file a process: some 20 us each.
std::int64_t threads_of_user(std::int64_t user, const std::string& root = "");

// The least pids.max of that path, whoever has used it up; none where there is no limit.
std::optional<std::int64_t> cgroup_pids_max(const std::string& root = "");

// In bytes: the least that memory.max, memory.high or, in v1, memory.limit_in_bytes leave along
// that path, with the pages of files that the kernel would drop first.
machine_limit group_memory_limit(const std::string& root = "");

// Connections from one address to one other: net.ipv4.ip_local_port_range without
// ip_local_reserved_ports.
machine_limit local_ports_limit(const std::string& root = "");

// In bytes: RLIMIT_MEMLOCK, which is not for who has CAP_IPC_LOCK.
machine_limit locked_memory_limit();

}  // namespace tailrace::observe
