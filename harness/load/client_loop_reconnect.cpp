// SPDX-License-Identifier: MIT
// Connections that an HTTP server ends and that are made again. See client_loop.hpp.
//
// - It said so in an answer ("Connection: close", HTTP/1.0): the answer counts, and requests that
//   were sent after the one it answers are sent again, with their times kept.
// - It ended one with no request on it: at once; where the connection had not brought one answer,
//   only when there is something to send, so that a server that hangs up on everybody is not
//   called in a circle.
// - It ended one with requests on it: they are errors. A connection that had not brought one answer
//   stays lost.
// Whoever cannot be connected to again is lost, too. Echo connections are never made again: a
// server that ends one of those has failed.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/load/client_loop.hpp"
#include "harness/load/connector.hpp"

namespace tailrace::load {

bool client_loop::reconnects() const noexcept {
  return !plan_.format->is_echo() && plan_.endpoints != nullptr;
}

void client_loop::begin_again(connection& polite) {
  hang_up(polite);
  polite.restart();
  connect_again(polite);
}

void client_loop::ended(connection& by_peer, const std::string& cause) {
  if (!reconnects()) return lose(by_peer, cause);
  const bool brought_answers = by_peer.answered > by_peer.answered_when_opened;
  if (by_peer.answered < by_peer.begun) {
    if (!brought_answers) return lose(by_peer, cause);
    ++counted(by_peer).lost_connections[cause];
    const std::uint64_t failed = fail_requests(by_peer, cause);
    const bool goes_on = !plan_.open && last_clock_ns_ < end_ns_;
    for (std::uint64_t i = 0; goes_on && i < failed; ++i) {
      by_peer.plan(last_clock_ns_);
      ++open_requests_;
    }
  }
  hang_up(by_peer);
  by_peer.restart();
  if (brought_answers || by_peer.planned > by_peer.begun) connect_again(by_peer);
}

void client_loop::connect_again(connection& hung_up) {
  const route way = route_of(*plan_.endpoints, hung_up.number, plan_.source_addresses);
  hung_up.connect_began_ns = last_clock_ns_;
  const int fd = begin_connect(*way.to, way.source);
  if (fd < 0) return lose(hung_up, errno_name(-fd));
  hung_up.fd = fd;
  hung_up.connecting = true;
  const int error = await_connected(hung_up);
  if (error != 0) lose(hung_up, errno_name(error));
}

bool client_loop::finish_connecting(connection& made) {
  const int error = connect_outcome(made.fd);
  if (error == EINPROGRESS) return false;
  if (error != 0) {
    lose(made, errno_name(error));
    return false;
  }
  made.connecting = false;
  made.answered_when_opened = made.answered;
  tally& into = counted(made);
  ++into.reconnects;
  into.connect.record(std::max<std::int64_t>(last_clock_ns_ - made.connect_began_ns, 0));
  return true;
}

void client_loop::hang_up(connection& ending) {
  if (ending.fd < 0) return;
  forget(ending);
  ::close(ending.fd);
  ending.fd = -1;
  ending.connecting = false;
}

}  // namespace tailrace::load
