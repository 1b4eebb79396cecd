// SPDX-License-Identifier: MIT
// Why the kernel refuses io_uring, and what to do about it: the one sentence that `describe` and a
// failed start print. io_uring is refused by old kernels, by a sysctl, by the seccomp filters of
// containers and by the memory-lock limit, and errno alone does not tell the last three apart, so
// that /proc is asked. Plain values; any thread; reads a few small files.
#pragma once

#include <string>

namespace tailrace::uring {

struct refusal {
  int error = 0;       // a positive errno value
  std::string cause;   // "the sysctl kernel.io_uring_disabled is 2: nobody may use io_uring"
  std::string remedy;  // "sysctl kernel.io_uring_disabled=0, as root"

  std::string sentence() const { return cause + ": " + remedy; }
};

// What explain() asks the system for; tests give their own.
struct refusal_evidence {
  int io_uring_disabled = -1;  // the sysctl of that name; -1: this kernel has none (before 6.6)
  bool filtered = false;       // a seccomp filter is on this process
};

refusal_evidence gather_evidence();

// error: what io_uring_setup(2) or io_uring_register(2) failed with, as a positive errno value.
refusal explain(int error, const refusal_evidence& evidence);
inline refusal explain(int error) {
  return explain(error, gather_evidence());
}

// The kernel has io_uring, but not this ("multishot receive"), which came with that release.
refusal too_old(const std::string& what, const std::string& release);

}  // namespace tailrace::uring
