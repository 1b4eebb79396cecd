// SPDX-License-Identifier: MIT
// The listening sockets of a served workload, with the same options for every contestant: those of
// sys::listen_on (TCP_NODELAY is set by the server on what it accepts).
// workers = 1: one plain socket. workers = N: N sockets that share the port by SO_REUSEPORT. A port
// that another process holds is refused in both cases, also where that process has SO_REUSEPORT
// itself: two servers would silently share the load of a measurement.
// The main thread, before workers start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/targets/target_description.hpp"
#include "runtimes/base/endpoint.hpp"

namespace tailrace {

struct listeners {
  std::vector<int> descriptors;        // one a worker; closed by whoever takes them
  std::uint16_t port = 0;              // the one obtained
  std::vector<std::string> addresses;  // for the `ready` event
};

// Throws run_refused where the kernel refuses the address, port or a descriptor.
listeners open_listeners(const run_request& request);

// What follows is for contestants that make their listening sockets themselves.

// The port as asked for: where that is 0, the first listener's port is that of all.
endpoint endpoint_of(const run_request& request);

// Throws run_refused if another process holds the port that several workers are to share.
void refuse_port_in_use(const run_request& request);

[[noreturn]] void refuse_listening(const endpoint& where, const start_error& error);

// "127.0.0.1:4000" where a client of this machine reaches a listener on `host`.
std::string reachable_address(const std::string& host, std::uint16_t port);

}  // namespace tailrace
