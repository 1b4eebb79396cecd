// SPDX-License-Identifier: MIT
// How the suites make Asio's runtimes: one io_context for one thread, or one that four threads run.
// TAILRACE_ASIO_BUFFER=lent in the environment: buffers are lent.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "runtimes/asio/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

template <class Contexts>
struct conformance_harness<asio::basic_runtime<Contexts>> {
  using tested = asio::basic_runtime<Contexts>;
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<tested> make() {
    asio::options chosen;
    if constexpr (Contexts::is_shared) chosen.threads = 4;
    const char* const buffer = std::getenv("TAILRACE_ASIO_BUFFER");
    if (buffer != nullptr && std::string_view(buffer) == "lent")
      chosen.buffers = {.lent = true, .bytes = buffer_pool::buffer_bytes};
    return std::make_unique<tested>(chosen);
  }
  static client connect(tested&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(tested&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace
