// SPDX-License-Identifier: MIT
// See connector.hpp.
#include "harness/load/connector.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/load/bug_check.hpp"
#include "harness/observe/clock.hpp"
#include "harness/observe/machine_limits.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t local_ports_most = 65535 - 1024;

std::string remedy_for(int error, const endpoint& to) {
  switch (error) {
    case ECONNREFUSED:
      return "is the server running there?";
    case EADDRNOTAVAIL:
      if (to.loopback_v4) return "the source ports are used up: give more --source-addresses";
      return "the source ports are used up: " +
             observe::local_ports_limit().remedy(local_ports_most);
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n)";
    case ETIMEDOUT:
    case EINPROGRESS:
      return "the server does not accept in time: lower --connect-rate or raise "
             "--connect-timeout-s";
    default:
      return "check the address and the server";
  }
}

refusal cannot_connect(const endpoint& to, std::uint64_t number, int error) {
  const std::string name = error == EINPROGRESS ? "no answer in time" : errno_name(error);
  return {fmt::format("cannot connect to {} (connection {}): {}", to.text, number + 1, name),
          remedy_for(error, to)};
}

}  // namespace

epoll_event watch_of(std::size_t index) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = index;
  return event;
}

route route_of(const std::vector<endpoint>& endpoints, std::uint64_t number,
               std::uint32_t source_addresses) noexcept {
  const std::uint64_t turn = number / endpoints.size();
  return {&endpoints[number % endpoints.size()],
          static_cast<std::uint32_t>(turn % source_addresses)};
}

route connector::way_of(const connection& wanted) const noexcept {
  return route_of(*plan_.endpoints, wanted.number, plan_.source_addresses);
}

void connector::begin(connection& wanted, std::size_t index) {
  const route way = way_of(wanted);
  wanted.connect_began_ns = observe::monotonic_ns();
  const int fd = begin_connect(*way.to, way.source);
  if (fd < 0) throw cannot_connect(*way.to, wanted.number, -fd);
  wanted.fd = fd;
  epoll_event event = watch_of(index);
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0)
    throw refusal("the kernel refused to watch a connection: " + errno_name(errno),
                  "see fs.epoll.max_user_watches (sysctl)");
}

void connector::finish(connection& wanted, histogram& connect_times) {
  const int error = connect_outcome(wanted.fd);
  if (error != 0) throw cannot_connect(*way_of(wanted).to, wanted.number, error);
  connect_times.record(observe::monotonic_ns() - wanted.connect_began_ns);
  wanted.alive = true;
}

void connector::open(std::vector<connection>& connections, histogram& connect_times) {
  const std::int64_t began = observe::monotonic_ns();
  const auto timeout = static_cast<std::int64_t>(plan_.timeout_s * 1e9);
  std::int64_t last_progress = began;
  std::size_t begun = 0;
  std::size_t finished = 0;
  std::array<epoll_event, 256> events;
  // relaxed: pairs with the store in request_stop(); only the flag itself is communicated.
  while (finished < connections.size() && !plan_.stop->load(std::memory_order_relaxed)) {
    std::size_t allowed = connections.size();
    if (plan_.rate_per_s > 0) {
      const double since_s = static_cast<double>(observe::monotonic_ns() - began) / 1e9;
      allowed = 1 + static_cast<std::size_t>(since_s * plan_.rate_per_s);
    }
    while (begun < std::min(allowed, connections.size()) &&
           begun - finished < connects_under_way_max) {
      begin(connections[begun], begun);
      ++begun;
    }
    const int count = ::epoll_wait(epoll_fd_, events.data(), events.size(), 1);
    check(count >= 0 || errno == EINTR, "epoll_wait waits", count, errno);
    for (int i = 0; i < count; ++i) {
      connection& one = connections[events[static_cast<std::size_t>(i)].data.u64];
      if (one.alive) continue;
      finish(one, connect_times);
      ++finished;
      last_progress = observe::monotonic_ns();
    }
    if (begun == finished) last_progress = observe::monotonic_ns();  // waiting for our own rate
    if (observe::monotonic_ns() - last_progress < timeout) continue;
    for (const auto& one : connections)
      if (one.fd >= 0 && !one.alive) throw cannot_connect(*way_of(one).to, one.number, EINPROGRESS);
  }
}

void close_all(std::vector<connection>& connections) noexcept {
  for (auto& one : connections) {
    if (one.fd >= 0) ::close(one.fd);
    one.fd = -1;
    one.alive = false;
  }
}

}  // namespace tailrace::load
