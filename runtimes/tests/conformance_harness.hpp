// SPDX-License-Identifier: MIT
// What the conformance suite must know about a runtime. The general case suits any runtime over the
// kernel's sockets; specialise it, before conformance.hpp is included, for one that is different.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "runtimes/tests/conformance_client.hpp"
#include "runtimes/tests/test_where.hpp"

namespace tailrace {

// How the suite reaches a runtime. Specialise it for one whose sockets are not the kernel's.
template <class Tested>
struct conformance_harness {
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  // Sleeps whose deadlines are less than this apart may end in any order.
  static constexpr std::chrono::microseconds timer_granularity{0};
  // Two runtimes of one process may listen on one port.
  static constexpr bool shares_ports = true;
  static std::unique_ptr<Tested> make() { return std::make_unique<Tested>(); }
  static client connect(Tested&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  // While the result lives, the runtime's accepts fail for want of descriptors.
  static std::unique_ptr<famine> starve(Tested&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace
