// SPDX-License-Identifier: MIT
// See listeners.hpp.
#include "harness/targets/listeners.hpp"

#include <cerrno>
#include <utility>

#include "harness/targets/refused_by_kernel.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace {

endpoint endpoint_of(const run_request& request) {
  return {.host = request.host, .port = request.port, .shared = request.workers > 1};
}

void refuse_listening(const endpoint& where, const start_error& error) {
  if (error.error == EINVAL) throw run_refused(error.message, "name a --host such as 127.0.0.1");
  throw refused_by_kernel("cannot listen on " + where.host + ":" + std::to_string(where.port),
                          error.error);
}

void refuse_port_in_use(const run_request& request) {
  endpoint where = endpoint_of(request);
  if (!std::exchange(where.shared, false) || where.port == 0) return;
  // A socket without SO_REUSEPORT cannot join a group of another process.
  const auto probe = sys::listen_on(where, false);
  if (!probe) refuse_listening(where, probe.error());
}

std::string reachable_address(const std::string& host, std::uint16_t port) {
  return (host == "0.0.0.0" ? "127.0.0.1" : host) + ":" + std::to_string(port);
}

listeners open_listeners(const run_request& request) {
  refuse_port_in_use(request);
  endpoint where = endpoint_of(request);
  std::vector<sys::descriptor> made;
  for (int worker = 0; worker < request.workers; ++worker) {
    auto listener = sys::listen_on(where, false);
    if (!listener) refuse_listening(where, listener.error());
    if (worker == 0) where.port = sys::local_port(listener->get());
    made.push_back(std::move(*listener));
  }
  listeners opened;
  opened.port = where.port;
  opened.addresses = {reachable_address(where.host, where.port)};
  for (sys::descriptor& listener : made)
    opened.descriptors.push_back(listener.release());
  return opened;
}

}  // namespace tailrace
