// SPDX-License-Identifier: MIT
// libuv for the suites. TAILRACE_LIBUV_STYLE=guide in the environment: in that style.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "runtimes/libuv/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = libuv::runtime;

template <>
struct conformance_harness<libuv::runtime> {
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  // libuv counts milliseconds: timers of one millisecond fire in the order of their start.
  static constexpr std::chrono::microseconds timer_granularity{1000};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<libuv::runtime> make() {
    const char* const asked = std::getenv("TAILRACE_LIBUV_STYLE");
    const bool guide = asked != nullptr && std::string_view(asked) == "guide";
    return std::make_unique<libuv::runtime>(guide ? libuv::style::guide : libuv::style::lean);
  }
  static client connect(libuv::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(libuv::runtime&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace
