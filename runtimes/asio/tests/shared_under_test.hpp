// SPDX-License-Identifier: MIT
// The runtime under test of the suites over Asio's shared form: one io_context, four threads.
#pragma once

#include <memory>

#include "runtimes/asio/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = asio::shared_runtime;

template <>
struct conformance_harness<asio::shared_runtime> {
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<asio::shared_runtime> make() {
    asio::options chosen;
    chosen.threads = 4;
    return std::make_unique<asio::shared_runtime>(chosen);
  }
  static client connect(asio::shared_runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(asio::shared_runtime&) {
    return std::make_unique<famine>();
  }
};

}  // namespace tailrace
