// SPDX-License-Identifier: MIT
// See accept_charge.hpp.
#include "harness/observe/accept_charge.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace tailrace::observe {
namespace {

constexpr int connections_max = 1000;
constexpr int connections_min = 400;  // below that, batches of charges drown them
constexpr unsigned life_s = 20;       // of the children, whatever happens
// Inode, file and directory entry of a socket are 1,250 bytes, and the socket at least 2,000 more.
constexpr double charged_bytes_min = 2300;

int allowed_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto most = static_cast<rlim_t>(connections_max);
  return static_cast<int>(std::min<rlim_t>(most, limit.rlim_max > 64 ? limit.rlim_max - 64 : 0));
}

void end_with_parent() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::alarm(life_s);
}

// Outside the cgroup: its sockets are not to be charged there. Begins when told to.
[[noreturn]] void connect_them(int listener, int wanted, int go) {
  end_with_parent();
  char byte = 0;
  if (::read(go, &byte, 1) != 1) ::_exit(1);
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  for (int i = 0; i < wanted; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
  }
  for (;;)
    ::pause();
}

// Joins, then accepts when told to; says how many it holds.
[[noreturn]] void accept_them(const char* join_path, int commands, int answers) {
  end_with_parent();
  const int wanted = allowed_connections();
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool listens =
      ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(listener, connections_max) == 0;
  int go[2];
  if (wanted < connections_min || !listens || ::pipe2(go, O_CLOEXEC) != 0) ::_exit(1);
  const pid_t connector = ::fork();
  if (connector == 0) connect_them(listener, wanted, go[0]);
  const int group = ::open(join_path, O_WRONLY | O_CLOEXEC);
  if (::write(group, "0", 1) != 1) ::_exit(1);
  int held = 0;
  if (::write(answers, &held, sizeof held) < 0) ::_exit(1);
  char byte = 0;
  if (::read(commands, &byte, 1) != 1 || ::write(go[1], &byte, 1) != 1) ::_exit(1);
  while (held < wanted && ::accept(listener, nullptr, nullptr) >= 0)
    ++held;
  if (::write(answers, &held, sizeof held) < 0) ::_exit(1);
  while (::read(commands, &byte, 1) > 0) {
  }
  ::kill(connector, SIGKILL);
  ::waitpid(connector, nullptr, 0);
  ::_exit(0);
}

std::optional<int> answer_of(int fd) {
  pollfd wait{fd, POLLIN, 0};
  int held = 0;
  if (::poll(&wait, 1, 5000) != 1 || ::read(fd, &held, sizeof held) != sizeof held)
    return std::nullopt;
  return held;
}

}  // namespace

std::optional<bool> accepted_are_charged(const std::string& join_path, double settle_s,
                                         const std::function<double()>& kernel_bytes) {
  int commands[2];
  int answers[2];
  if (::pipe2(commands, O_CLOEXEC) != 0) return std::nullopt;
  if (::pipe2(answers, O_CLOEXEC) != 0) {
    ::close(commands[0]);
    ::close(commands[1]);
    return std::nullopt;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(commands[1]);
    ::close(answers[0]);
    accept_them(join_path.c_str(), commands[0], answers[1]);
  }
  ::close(commands[0]);
  ::close(answers[1]);
  const auto rest = static_cast<useconds_t>(settle_s * 1e6);
  std::optional<bool> charged;
  if (child > 0 && answer_of(answers[0])) {
    ::usleep(rest);
    const double before = kernel_bytes();
    const bool told = ::write(commands[1], "a", 1) == 1;
    const auto held = told ? answer_of(answers[0]) : std::nullopt;
    if (held && *held >= connections_min) {
      ::usleep(rest);
      charged = (kernel_bytes() - before) / *held >= charged_bytes_min;
    }
  }
  ::close(commands[1]);
  ::close(answers[0]);
  if (child > 0) {
    if (!charged) ::kill(child, SIGKILL);  // it may be waiting for what does not come
    ::waitpid(child, nullptr, 0);
  }
  return charged;
}

}  // namespace tailrace::observe
