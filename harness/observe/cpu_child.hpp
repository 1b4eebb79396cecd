// SPDX-License-Identifier: MIT
// A child of the harness that does one thing on one CPU until the object ends, for what has to
// happen beside a measurement (keep_awake.hpp, planted_neighbour.hpp). A process, since the kernel
// would interrupt the CPU of a thread each time the harness gives memory back, and the CPU time
// would be the harness'. It holds none of the harness' descriptors, is in its session (so in its
// scheduler group), and is killed when the thread that made it ends, by kill -9 too.
// Main thread only; 1 ms to start.
#pragma once

#include <string>

namespace tailrace::observe {

class cpu_child {
 public:
  // body: system calls and arithmetic only, since other threads of the harness may have held locks.
  // Does not return. policy: SCHED_OTHER or SCHED_IDLE. name: as the kernel has it, 15 letters.
  cpu_child(const char* name, int cpu, int policy, void (*body)(const void* with),
            const void* with = nullptr);
  cpu_child(const cpu_child&) = delete;
  cpu_child& operator=(const cpu_child&) = delete;
  ~cpu_child() { end(); }

  // Why it does not run, or empty: "fork: Resource temporarily unavailable".
  const std::string& cause() const { return cause_; }
  int pid() const { return pid_; }
  // False once it has been killed by somebody else.
  bool is_alive() const;
  // It stands still until `go_on`. Both are asynchronous: a few microseconds on an idle CPU.
  void stand_still();
  void go_on();

 private:
  bool place(int cpu, int policy);
  bool refuse(const char* call);
  void end();

  int pid_ = -1;
  std::string cause_;
};

}  // namespace tailrace::observe
