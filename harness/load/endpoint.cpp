// SPDX-License-Identifier: MIT
// See endpoint.hpp.
#include "harness/load/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/observe/clock.hpp"
#include "harness/observe/machine_limits.hpp"

namespace tailrace::load {
namespace {

// A setting that only shapes the measurement's side effects; a socket without it still works.
void set_option(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  if (::setsockopt(fd, level, name, value, size) != 0) errno = 0;
}

void set_size(int fd, int level, int name, int bytes) noexcept {
  if (bytes > 0) set_option(fd, level, name, &bytes, sizeof bytes);
}

// Waits until then, or for an error of the socket, which is returned.
int stay_until(int fd, std::int64_t deadline_ns) noexcept {
  pollfd watched{fd, POLLRDHUP, 0};
  for (int left = observe::poll_ms(deadline_ns); left > 0; left = observe::poll_ms(deadline_ns)) {
    if (::poll(&watched, 1, left) <= 0) continue;
    const int error = connect_outcome(fd);
    if (error != 0) return error;
    watched.fd = -1;  // closed by the peer: nothing more is looked for
  }
  return 0;
}

}  // namespace

std::uint32_t source_addresses_for(std::uint32_t connections, std::int64_t ports) {
  constexpr std::int64_t most = 250;  // of --source-addresses
  const std::int64_t each = std::clamp<std::int64_t>(ports - ports / 4, 1, 10'000);
  return static_cast<std::uint32_t>(std::min(most, 1 + connections / each));
}

std::uint32_t source_addresses_for(std::uint32_t connections) {
  return source_addresses_for(connections, observe::local_ports_limit().most);
}

int begin_connect(const endpoint& to, std::uint32_t source, const socket_sizes& sizes) noexcept {
  const int fd = ::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  const linger reset{1, 0};
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  set_option(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  set_size(fd, SOL_SOCKET, SO_RCVBUF, sizes.receive_buffer);
  set_size(fd, SOL_SOCKET, SO_SNDBUF, sizes.send_buffer);
  set_size(fd, IPPROTO_TCP, TCP_MAXSEG, sizes.segment);
  if (to.loopback_v4) {
    // Nothing is lost or queued on loopback. Reno is always there and has no timers: where the
    // system's default is BBR, its pacing would cost the client about 4 % of its rate.
    static constexpr char reno[] = "reno";
    set_option(fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof reno - 1);
    // Linux >= 4.2, ip(7): the port is chosen at connect(), where the pair of addresses is known.
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7f000002U + source);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
      const int error = errno;
      ::close(fd);
      return -error;
    }
  }
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to.address), to.length) == 0) return fd;
  if (errno == EINPROGRESS || errno == EINTR) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

int connect_outcome(int fd) noexcept {
  pollfd watched{fd, POLLOUT, 0};
  int ready = 0;
  while ((ready = ::poll(&watched, 1, 0)) < 0 && errno == EINTR) {
  }
  if (ready == 0) return EINPROGRESS;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

int try_to_connect(const endpoint& to, double limit_s, double stay_s) noexcept {
  const std::int64_t deadline_ns = observe::from_now(limit_s);
  const int fd = begin_connect(to, 0);
  if (fd < 0) return -fd;
  pollfd watched{fd, POLLOUT, 0};
  while (::poll(&watched, 1, observe::poll_ms(deadline_ns)) < 0 && errno == EINTR) {
  }
  int error = connect_outcome(fd);
  if (error == 0) error = stay_until(fd, observe::from_now(stay_s));
  const linger none{0, 0};  // a plain end: no server has to take this for a client that failed
  set_option(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  ::close(fd);
  return error == EINPROGRESS ? ETIMEDOUT : error;
}

std::string errno_name(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "errno " + std::to_string(error);
}

}  // namespace tailrace::load
