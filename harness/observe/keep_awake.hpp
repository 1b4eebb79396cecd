// SPDX-License-Identifier: MIT
// Keeps CPUs from going idle while the object lives: a SCHED_IDLE process on each, which gives way
// at once to anything else of its scheduler group (scheduler_group.hpp: see `idle_beside`). Needs
// no rights. What it is good for: an idle CPU is halted, and slow to wake in a virtual machine.
//
// Processes, not threads of the harness: the kernel would interrupt the CPU of a spinning thread
// each time the harness gives memory back (it has to be told of changed page tables), and their CPU
// time would be the harness'. A spinner holds none of the harness' descriptors, is in its session
// (so in its scheduler group), and is killed when the thread that made it ends, by kill -9 too.
// So: made and ended by the main thread. A reader of neighbours leaves out `pids()`. Siblings of
// one core disturb each other by spinning: give one CPU a core. 1 ms and one fork a CPU.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace tailrace::observe {

class keep_awake {
 public:
  // All of them or none: see cause().
  explicit keep_awake(std::span<const int> cpus);
  keep_awake(const keep_awake&) = delete;
  keep_awake& operator=(const keep_awake&) = delete;
  ~keep_awake() { end(); }

  const std::string& cause() const { return cause_; }  // why none spins, or empty
  const std::vector<int>& pids() const { return pids_; }
  // False once one of them has been killed by somebody else.
  bool all_alive() const;
  // Whether they give way to this process; where not they would compete with it as equals.
  bool idle_beside(int pid) const;

 private:
  bool start(int cpu);
  void end();

  std::vector<int> pids_;
  std::string cause_;
};

}  // namespace tailrace::observe
