// SPDX-License-Identifier: MIT
// Connections that an HTTP server ends and that are made again, by the rules of README.md. See
// client_loop.hpp.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/load/client_loop.hpp"
#include "harness/load/connector.hpp"

namespace tailrace::load {
namespace {

constexpr std::uint8_t fruitless_max = 2;

}  // namespace

void client_loop::begin_again(connection& which) {
  hang_up(which);
  which.restart();
  connect_again(which);
}

void client_loop::handle_end(connection& which, const std::string& cause) {
  if (!reconnects()) return lose(which, cause);
  const bool brought_answers = which.answered > which.answered_when_opened;
  if (which.answered < which.begun) {
    if (!brought_answers) return lose(which, cause);
    ++counted(which).lost_connections[cause];
    fail_requests(which, cause);
    if (!plan_.open && last_clock_ns_ < end_ns_) fill_depth(which);
  }
  which.fruitless = brought_answers ? 0 : static_cast<std::uint8_t>(which.fruitless + 1);
  if (which.fruitless > fruitless_max) return lose(which, cause);
  hang_up(which);
  which.restart();
  if (brought_answers || which.planned > which.begun) connect_again(which);
}

// Nothing of it is on the wire: in the closed loop as many requests wait as it keeps outstanding,
// also for those that had been counted as timed out before.
void client_loop::fill_depth(connection& which) {
  for (; which.planned - which.begun < plan_.outstanding_max; ++open_requests_)
    which.plan(last_clock_ns_);
}

void client_loop::connect_again(connection& which) {
  if (connecting_ < connects_under_way_max) return begin_connecting(which);
  which.in_line = true;
  line_.push_back(static_cast<std::uint32_t>(&which - connections_.data()));
}

void client_loop::connect_those_in_line() {
  while (!line_.empty() && connecting_ < connects_under_way_max) {
    connection& next = connections_[line_.front()];
    line_.pop_front();
    next.in_line = false;
    begin_connecting(next);
  }
}

void client_loop::begin_connecting(connection& which) {
  const route way = route_of(*plan_.endpoints, which.number, plan_.source_addresses);
  which.connect_began_ns = last_clock_ns_;
  const int fd = begin_connect(*way.to, way.source);
  if (fd < 0) return lose(which, errno_name(-fd));
  which.fd = fd;
  which.connecting = true;
  ++connecting_;
  const int error = await_connected(which);
  if (error != 0) lose(which, errno_name(error));
}

bool client_loop::finish_connecting(connection& which) {
  const int error = connect_outcome(which.fd);
  if (error == EINPROGRESS) return false;
  if (error != 0) {
    lose(which, errno_name(error));
    return false;
  }
  which.connecting = false;
  --connecting_;
  which.answered_when_opened = which.answered;
  tally& into = counted(which);
  ++into.reconnects;
  into.connect.record(std::max<std::int64_t>(last_clock_ns_ - which.connect_began_ns, 0));
  return true;
}

void client_loop::hang_up(connection& which) {
  if (which.fd < 0) return;
  forget(which);
  ::close(which.fd);
  which.fd = -1;
  if (std::exchange(which.connecting, false)) --connecting_;
}

}  // namespace tailrace::load
