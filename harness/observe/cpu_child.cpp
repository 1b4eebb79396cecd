// SPDX-License-Identifier: MIT
// See cpu_child.hpp.
#include "harness/observe/cpu_child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tailrace::observe {
namespace {

void prepare(const char* name, int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, name);
  if (::getppid() != parent) ::_exit(0);  // it died before that
  ::setpgid(0, 0);                        // the terminal's Ctrl-C is for the harness
  // Among them the pipe: this tells the parent. Unlike close_range(2) it also works where a kernel
  // or a filter does not know that call.
  ::closefrom(0);
}

void wait_for_end_of(int fd) {
  char byte = 0;
  while (::read(fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

bool cpu_child::refuse(const char* call) {
  cause_ = fmt::format("{}: {}", call, std::strerror(errno));
  return false;
}

cpu_child::cpu_child(const char* name, int cpu, int policy, void (*body)(const void*),
                     const void* with) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    refuse("pipe");
    return;
  }
  const int parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    prepare(name, parent);
    body(with);
    ::_exit(0);
  }
  const int error = errno;
  ::close(ends[1]);
  if (pid_ > 0) wait_for_end_of(ends[0]);
  ::close(ends[0]);
  errno = error;
  if (pid_ < 0) {
    refuse("fork");
  } else if (!place(cpu, policy)) {
    end();
  }
}

// Only now: in SCHED_IDLE on a busy CPU it might not have come so far for a long time.
bool cpu_child::place(int cpu, int policy) {
  const sched_param no_priority{};
  if (::sched_setscheduler(pid_, policy, &no_priority) != 0) return refuse("sched_setscheduler");
  if (cpu < 0 || cpu >= CPU_SETSIZE) {
    errno = EINVAL;
    return refuse("sched_setaffinity");
  }
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(cpu), &only);
  if (::sched_setaffinity(pid_, sizeof only, &only) == 0) return true;
  return refuse("sched_setaffinity");
}

bool cpu_child::is_alive() const {
  if (pid_ < 0) return false;
  siginfo_t ended{};
  const int failed = ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
  return failed == 0 && ended.si_pid == 0;
}

void cpu_child::stand_still() {
  if (pid_ > 0) ::kill(pid_, SIGSTOP);
}

void cpu_child::go_on() {
  if (pid_ > 0) ::kill(pid_, SIGCONT);
}

void cpu_child::end() {
  if (pid_ < 0) return;
  // It dies on a CPU, and its own may be full: any will do, as a normal process.
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);
  const sched_param no_priority{};
  ::sched_setaffinity(pid_, sizeof all, &all);
  ::sched_setscheduler(pid_, SCHED_OTHER, &no_priority);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace tailrace::observe
