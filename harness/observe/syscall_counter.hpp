// SPDX-License-Identifier: MIT
// Counts the system calls of a process and of every thread it starts later, with the raw_syscalls
// tracepoint through perf_event_open(2), and a few by name. While one exists, every system call of
// the machine takes the kernel's slow path (some 100 ns): never alive during a measured phase.
// Refused (no root, perf_event_paranoid, no tracefs): a value with its cause. Changes nothing on
// the machine: where tracefs is not mounted, a child mounts it in a namespace of its own to read
// the ids. Single-threaded callers only (fork).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tailrace::observe {

class syscall_counter {
 public:
  syscall_counter() = default;
  ~syscall_counter();
  syscall_counter(const syscall_counter&) = delete;
  syscall_counter& operator=(const syscall_counter&) = delete;

  // Attaches to all threads of the process, counting at once. Before its program begins, or threads
  // that it starts meanwhile are missed.
  bool attach(int pid);
  const std::string& cause() const { return cause_; }

  struct counts {
    std::int64_t all = 0;
    std::map<std::string, std::int64_t> by_name;
  };
  counts read() const;

 private:
  struct counter {
    std::string name;  // empty: all
    int fd;
  };
  std::vector<counter> counters_;
  std::string cause_;
};

// Empty where the tracepoints are permitted, else the cause. For doctor.
std::string syscall_counter_refusal();

}  // namespace tailrace::observe
