// SPDX-License-Identifier: MIT
// See endpoint.hpp.
#include "harness/load/endpoint.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/observe/machine_limits.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

refusal bad_address(const std::string& text, const std::string& why) {
  return {"cannot use the address '" + text + "': " + why,
          "give it as host:port, for example 127.0.0.1:4242", refusal::bad_usage};
}

// A setting that only shapes the measurement's side effects; a socket without it still works.
void set_option(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  if (::setsockopt(fd, level, name, value, size) != 0) errno = 0;
}

}  // namespace

endpoint resolve_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) throw bad_address(text, "it has no port");
  std::string host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos ||
      std::stoi(port) < 1 || std::stoi(port) > 65535)
    throw bad_address(text, "the port is not a number from 1 to 65535");
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (status != 0) throw bad_address(text, ::gai_strerror(status));
  endpoint made;
  made.text = text;
  std::memcpy(&made.address, found->ai_addr, found->ai_addrlen);
  made.length = found->ai_addrlen;
  if (found->ai_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, found->ai_addr, sizeof v4);
    made.loopback_v4 = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  ::freeaddrinfo(found);
  return made;
}

std::vector<endpoint> resolve_endpoints(const std::vector<std::string>& texts) {
  std::vector<endpoint> all;
  for (const auto& text : texts)
    all.push_back(resolve_endpoint(text));
  return all;
}

std::uint32_t source_addresses_for(std::uint32_t connections, std::int64_t ports) {
  constexpr std::int64_t most = 250;  // of --source-addresses
  const std::int64_t each = std::clamp<std::int64_t>(ports - ports / 4, 1, 10'000);
  return static_cast<std::uint32_t>(std::min(most, 1 + connections / each));
}

std::uint32_t source_addresses_for(std::uint32_t connections) {
  return source_addresses_for(connections, observe::local_ports_limit().most);
}

int begin_connect(const endpoint& to, std::uint32_t source) noexcept {
  const int fd = ::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  const linger reset{1, 0};
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  set_option(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
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
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

std::string errno_name(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "errno " + std::to_string(error);
}

}  // namespace tailrace::load
