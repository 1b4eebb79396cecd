// SPDX-License-Identifier: MIT
// See child_process.hpp.
#include "harness/session/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/target_environment.hpp"

namespace tailrace::session {
namespace {

constexpr double write_limit_s = 5;

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

// Closes at its end what was not taken out of it.
struct pipe_ends {
  pipe_ends() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw refusal(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    read_fd = ends[0];
    write_fd = ends[1];
  }
  ~pipe_ends() {
    close_fd(read_fd);
    close_fd(write_fd);
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;

  int read_fd = -1;
  int write_fd = -1;
};

// What the child could not do before its program began: which act, and errno.
struct start_error {
  int act = 0;
  int error = 0;
};
constexpr std::array act_names = {"",
                                  "be bound to its parent's life",
                                  "be pinned to its CPUs",
                                  "join its cgroup",
                                  "be executed",
                                  "be prepared for its measurement"};

// 0: as high as it may be.
void set_descriptor_limit(int wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (wanted > 0) limit.rlim_max = static_cast<rlim_t>(wanted);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Between fork and exec. Returns only with an error.
start_error become(const child_command& command, pid_t parent, int go_fd) {
  ::setpgid(0, 0);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return {1, errno};
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP})
    ::signal(number, SIG_DFL);
  set_descriptor_limit(command.descriptor_limit);
  forget_variables_kept_from_targets();
  if (!command.cpus.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : command.cpus)
      CPU_SET(cpu, &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) return {2, errno};
  }
  if (!command.cgroup_join_path.empty()) {
    const int fd = ::open(command.cgroup_join_path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) return {3, errno};
    ::close(fd);
  }
  // Counters are attached meanwhile. One byte, since this process holds the other end too.
  char go = 0;
  while (::read(go_fd, &go, 1) < 0 && errno == EINTR) {
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command.argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  if (command.in_child) {
    const int error = command.in_child();
    if (error != 0) return {5, error};
  }
  ::execv(arguments[0], arguments.data());
  return {4, errno};
}

}  // namespace

child_process::child_process(const child_command& command) {
  pipe_ends in;
  pipe_ends out;
  pipe_ends err;
  pipe_ends failure;
  pipe_ends go;
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in.read_fd, 0);
    ::dup2(out.write_fd, 1);
    ::dup2(err.write_fd, 2);
    const start_error error = become(command, parent, go.read_fd);
    [[maybe_unused]] const ssize_t count = ::write(failure.write_fd, &error, sizeof error);
    ::_exit(127);
  }
  if (pid_ < 0) throw refusal(fmt::format("cannot fork: {}", std::strerror(errno)));
  ::setpgid(pid_, pid_);  // also here: whoever is first
  try {
    if (command.before_exec) command.before_exec(pid_);
  } catch (...) {
    end_group();
    throw;
  }
  [[maybe_unused]] const ssize_t written = ::write(go.write_fd, "g", 1);
  close_fd(failure.write_fd);
  start_error error;
  // The pipe closes by itself when the exec succeeds.
  ssize_t count = 0;
  do {
    count = ::read(failure.read_fd, &error, sizeof error);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    end_group();
    throw refusal(fmt::format("{} cannot {}: {}", command.argv[0],
                              act_names[static_cast<std::size_t>(error.act)],
                              std::strerror(error.error)));
  }
  in_fd_ = std::exchange(in.write_fd, -1);
  out_fd_ = std::exchange(out.read_fd, -1);
  err_fd_ = std::exchange(err.read_fd, -1);
  for (const int fd : {in_fd_, out_fd_, err_fd_}) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
}

child_process::~child_process() {
  close_fd(in_fd_);
  end_group();
  close_fd(out_fd_);
  close_fd(err_fd_);
}

bool child_process::write(std::string_view bytes) {
  const std::int64_t deadline = observe::from_now(write_limit_s);
  while (in_fd_ >= 0 && !bytes.empty()) {
    const ssize_t count = ::write(in_fd_, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return false;
    pollfd writable{in_fd_, POLLOUT, 0};
    if (::poll(&writable, 1, observe::poll_ms(deadline)) == 0) return false;
  }
  return in_fd_ >= 0;
}

void child_process::close_input() {
  close_fd(in_fd_);
}

std::optional<int> child_process::poll_exit() {
  if (status_) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

void child_process::signal(int number) {
  if (!poll_exit()) ::kill(pid_, number);
}

void child_process::end_group() {
  // Also when the leader has ended: its own children may be there still.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  if (!status_) {
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = status;
  }
  // Adopted grandchildren; killed already, so this ends.
  while (::waitpid(-pid_, &status, 0) > 0 || errno == EINTR)
    errno = 0;
}

std::string exit_text(int wait_status) {
  if (WIFEXITED(wait_status)) return fmt::format("exited with {}", WEXITSTATUS(wait_status));
  return fmt::format("was ended by signal {} ({})", WTERMSIG(wait_status),
                     ::strsignal(WTERMSIG(wait_status)));
}

int exit_code(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

}  // namespace tailrace::session
