// SPDX-License-Identifier: MIT
// Keeps CPUs from going idle while the object lives: a SCHED_IDLE process on each (cpu_child.hpp),
// which gives way at once to anything else of its scheduler group (scheduler_group.hpp: see
// `idle_beside`). Needs no rights. What it is good for: an idle CPU is halted, and slow to wake in
// a virtual machine.
//
// A reader of neighbours leaves out `pids()`. Siblings of one core disturb each other by spinning:
// give one CPU a core. Main thread only; 1 ms and one fork a CPU.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/observe/cpu_child.hpp"

namespace tailrace::observe {

class keep_awake {
 public:
  // All of them or none: see cause().
  explicit keep_awake(std::span<const int> cpus);

  const std::string& cause() const { return cause_; }  // why none spins, or empty
  std::vector<int> pids() const;
  // False once one of them has been killed by somebody else.
  bool all_alive() const;
  // Whether they give way to this process; where not they would compete with it as equals.
  bool idle_beside(int pid) const;
  // Lets the CPUs idle until `resume`.
  void pause();
  void resume();

 private:
  std::vector<std::unique_ptr<cpu_child>> spinners_;
  std::string cause_;
};

}  // namespace tailrace::observe
