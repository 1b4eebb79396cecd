// SPDX-License-Identifier: MIT
// Counts the system calls of a child and of all its threads and children by number, with ptrace(2)
// and a seccomp filter that stops a thread at the entrance of each call and nowhere else. A stopped
// thread is held until resume_held(): whoever measures decides when the target goes on.
// Slow (some 10 us a call): only for passes that count. Linux >= 4.8 (seccomp before ptrace).
// One thread, the one that starts the child: the kernel ties a tracee to a thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace tailrace::cost {

class syscall_tracer {
 public:
  // Empty where this process may trace its children, else the cause.
  static std::string refusal();
  // In the child, just before it executes its program: 0, or errno. execve itself is not counted.
  static int ask_to_be_stopped();

  syscall_tracer();
  ~syscall_tracer();
  syscall_tracer(const syscall_tracer&) = delete;
  syscall_tracer& operator=(const syscall_tracer&) = delete;

  // While the child waits to execute its program. False: refused.
  bool attach(int pid);

  // Waits until another thread is held at the entrance of a call (true), or, without that, the
  // deadline has come or the descriptor became readable. -1: no descriptor.
  bool wait_held(std::int64_t deadline_ns, int descriptor);
  void resume_held();
  // Kills and reaps what is traced. Due before anybody else waits for the child's end: of a traced
  // process every thread has to be reaped by its tracer, or its leader never ends.
  void end();
  // Lets the target go on for so long, through all the calls it makes.
  void let_run(double seconds);

  const std::map<long, std::int64_t>& counts() const { return counts_; }
  bool ended() const { return end_status_.has_value(); }
  int end_status() const { return *end_status_; }

 private:
  // One change of state of a traced thread, without waiting. False: there was none.
  bool take_event(bool& held);
  void take_stop(int thread, int status, bool& held);

  int pid_ = -1;
  int child_signals_ = -1;  // signalfd of SIGCHLD, which is blocked meanwhile
  std::set<int> held_;
  std::map<long, std::int64_t> counts_;
  std::optional<int> end_status_;
};

}  // namespace tailrace::cost
