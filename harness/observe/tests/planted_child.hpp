// SPDX-License-Identifier: MIT
// A process with a known cause in it, for tests that look who did it. Runs a function in a forked
// child until the object ends; the child dies with its parent too. The thread sanitizer adds some
// threads of its own to a child: tests do not count on an exact number.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {

class planted_child {
 public:
  explicit planted_child(const std::function<void()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    ::_exit(0);
  }
  planted_child(const planted_child&) = delete;
  planted_child& operator=(const planted_child&) = delete;
  ~planted_child() { end(); }

  int pid() const { return pid_; }
  // Killed and waited for; its number may be somebody else's from now on.
  void end() {
    if (ended_) return;
    ended_ = true;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  int pid_;
  bool ended_ = false;
};

// The calling thread, from now on.
inline void stay_on(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(cpu), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

[[noreturn]] inline void burn_forever() {
  for (volatile unsigned long spent = 0;;)
    spent = spent + 1;
}

// 'R', 'S', 'Z' ...; ' ' once it is gone.
inline char state_of(int pid) {
  const auto text = read_text("/proc/" + std::to_string(pid) + "/stat").text.value_or("");
  const auto at = text.rfind(')');
  return at == std::string::npos ? ' ' : text[at + 2];
}

// Waits until a reading shows it, for at most 20 s of a busy machine.
template <class Condition>
bool becomes_true(const Condition& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace tailrace::observe
