// SPDX-License-Identifier: MIT
// See syscall_tracer.hpp.
#include "harness/cost/syscall_tracer.hpp"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "harness/observe/clock.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::cost {
namespace {

constexpr std::int64_t slice_ns = 100'000'000;  // how late Ctrl-C may be noticed

// PTRACE_O_EXITKILL: nobody is left stopped when the harness dies.
constexpr unsigned long trace_options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |
                                        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                        PTRACE_O_EXITKILL;

long trace(__ptrace_request request, int thread, unsigned long data) {
  return ::ptrace(request, thread, nullptr, data);
}

sigset_t child_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

void wait_for_end(int pid) {
  while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

// 0 or errno.
int set_filter(std::span<sock_filter> program) {
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0 ? 0 : errno;
}

// What a child of ours is answered that asks for a filter.
int filter_refusal() {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    std::array<sock_filter, 1> allow_all = {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    ::_exit(set_filter(allow_all));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int attach_refusal() {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    for (;;)
      ::pause();
  }
  const int error = trace(PTRACE_SEIZE, child, trace_options) == 0 ? 0 : errno;
  ::kill(child, SIGKILL);
  wait_for_end(child);
  return error;
}

}  // namespace

std::string syscall_tracer::refusal() {
  for (const bool filter : {false, true}) {
    const int error = filter ? filter_refusal() : attach_refusal();
    if (error == 0) continue;
    return fmt::format("{}: {}; the sandbox or container here forbids tracing one's own children",
                       filter ? "seccomp" : "ptrace", std::strerror(error));
  }
  return "";
}

int syscall_tracer::ask_to_be_stopped() {
  // The number of the call becomes the data of the stop (16 bits, as SECCOMP_RET_DATA has).
  std::array<sock_filter, 5> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 2, 0),
      BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET | BPF_A, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sigset_t blocked_by_us = child_signal();
  ::sigprocmask(SIG_UNBLOCK, &blocked_by_us, nullptr);
  return set_filter(program);
}

syscall_tracer::syscall_tracer() {
  const sigset_t set = child_signal();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  child_signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void syscall_tracer::end() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(-pid_, &status, __WALL) > 0 || errno == EINTR)
    errno = 0;
  pid_ = -1;
}

syscall_tracer::~syscall_tracer() {
  end();
  if (child_signals_ >= 0) ::close(child_signals_);
  const sigset_t set = child_signal();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

bool syscall_tracer::attach(int pid) {
  if (trace(PTRACE_SEIZE, pid, trace_options) != 0) return false;
  pid_ = pid;
  return true;
}

bool syscall_tracer::wait_held(std::int64_t deadline_ns, int descriptor) {
  for (;;) {
    bool held = false;
    while (take_event(held))
      if (held) return true;
    session::throw_if_interrupted();
    const std::int64_t left =
        std::clamp<std::int64_t>(deadline_ns - observe::monotonic_ns(), 0, slice_ns);
    std::array<pollfd, 2> watched = {{{child_signals_, POLLIN, 0}, {descriptor, POLLIN, 0}}};
    const timespec timeout = {0, left};
    const int ready = ::ppoll(watched.data(), watched.size(), &timeout, nullptr);
    if ((watched[0].revents & POLLIN) != 0) {
      signalfd_siginfo taken;
      while (::read(child_signals_, &taken, sizeof taken) > 0) {
      }
      continue;
    }
    if (ended() || ready > 0 || observe::monotonic_ns() >= deadline_ns) return false;
  }
}

bool syscall_tracer::take_event(bool& held) {
  int status = 0;
  const pid_t thread = ::waitpid(-pid_, &status, __WALL | WNOHANG);
  if (thread <= 0) return false;
  if (!WIFSTOPPED(status)) {
    held_.erase(thread);
    if (thread == pid_) end_status_ = status;
    return true;
  }
  take_stop(thread, status, held);
  return true;
}

void syscall_tracer::take_stop(int thread, int status, bool& held) {
  const int event = status >> 16;
  const int number = WSTOPSIG(status);
  if (event == PTRACE_EVENT_SECCOMP) {
    unsigned long call = 0;
    ::ptrace(PTRACE_GETEVENTMSG, thread, nullptr, &call);
    ++counts_[static_cast<long>(call)];
    held_.insert(thread);
    held = true;
    return;
  }
  // A new thread's first stop looks as a group stop does, but for its signal (ptrace(2)).
  const bool group_stop = event == PTRACE_EVENT_STOP && number != SIGTRAP;
  if (group_stop) {
    trace(PTRACE_LISTEN, thread, 0);
  } else {
    trace(PTRACE_CONT, thread, event == 0 ? static_cast<unsigned long>(number) : 0);
  }
}

void syscall_tracer::resume_held() {
  for (const int thread : held_)
    trace(PTRACE_CONT, thread, 0);  // one that was killed meanwhile is gone: that is seen later
  held_.clear();
}

void syscall_tracer::let_run(double seconds) {
  const std::int64_t deadline = observe::from_now(seconds);
  resume_held();
  while (wait_held(deadline, -1))
    resume_held();
}

}  // namespace tailrace::cost
