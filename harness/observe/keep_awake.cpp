// SPDX-License-Identifier: MIT
// See keep_awake.hpp.
#include "harness/observe/keep_awake.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "harness/observe/scheduler_group.hpp"

namespace tailrace::observe {
namespace {

// The child: system calls only, since other threads of the harness may have held locks.
[[noreturn]] void spin(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it died before that
  ::setpgid(0, 0);                        // the terminal's Ctrl-C is for the harness
  ::close_range(0, ~0U, 0);               // among them the pipe: this tells the parent
  // Plain arithmetic: a hypervisor may take the CPU from who executes many `pause`.
  for (volatile std::uint64_t turns = 0;;)
    turns = turns + 1;
}

void wait_for_end_of(int fd) {
  char byte = 0;
  while (::read(fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

keep_awake::keep_awake(std::span<const int> cpus) {
  for (const int cpu : cpus) {
    if (start(cpu)) continue;
    end();
    return;
  }
}

bool keep_awake::start(int cpu) {
  const auto refuse = [&](const char* call) {
    cause_ = fmt::format("CPU {} cannot be kept awake: {}: {}", cpu, call, std::strerror(errno));
    return false;
  };
  if (cpu < 0 || cpu >= CPU_SETSIZE) {
    errno = EINVAL;
    return refuse("sched_setaffinity");
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refuse("pipe");
  const int parent = ::getpid();
  const int pid = ::fork();
  if (pid == 0) spin(parent);
  ::close(ends[1]);
  if (pid > 0) wait_for_end_of(ends[0]);
  ::close(ends[0]);
  if (pid < 0) return refuse("fork");
  pids_.push_back(pid);
  // Only now: in SCHED_IDLE on a busy CPU it might not have come so far for a long time.
  const sched_param no_priority{};
  if (::sched_setscheduler(pid, SCHED_IDLE, &no_priority) != 0) return refuse("SCHED_IDLE");
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(cpu), &only);
  if (::sched_setaffinity(pid, sizeof only, &only) != 0) return refuse("sched_setaffinity");
  return true;
}

bool keep_awake::all_alive() const {
  for (const int pid : pids_) {
    siginfo_t ended{};
    const int failed = ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (failed != 0 || ended.si_pid != 0) return false;
  }
  return true;
}

bool keep_awake::idle_beside(int pid) const {
  return scheduler_group() == scheduler_group(std::to_string(pid));
}

void keep_awake::end() {
  for (const int pid : pids_) {
    // It dies on a CPU, and its own may be full: any will do, as a normal process.
    cpu_set_t all;
    std::memset(&all, 0xff, sizeof all);
    const sched_param no_priority{};
    ::sched_setaffinity(pid, sizeof all, &all);
    ::sched_setscheduler(pid, SCHED_OTHER, &no_priority);
    ::kill(pid, SIGKILL);
  }
  for (const int pid : pids_) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pids_.clear();
}

}  // namespace tailrace::observe
