// SPDX-License-Identifier: MIT
// The local executor for the suites. TAILRACE_LOCAL="register=oneshot" chooses how descriptors are
// registered, TAILRACE_FILES where files are read (CMakeLists.txt lists both).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "runtimes/local/runtime.hpp"
#include "runtimes/tests/chosen_file_mode.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = local::runtime;

template <>
struct conformance_harness<local::runtime> {
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<local::runtime> make() {
    local::registration how = local::registration::once;
    if (const char* const text = std::getenv("TAILRACE_LOCAL"); text != nullptr) {
      EXPECT_EQ(std::string_view(text), "register=oneshot");
      how = local::registration::oneshot;
    }
    constexpr std::uint32_t threads = 3;  // fewer than tasks that read at once
    return std::make_unique<local::runtime>(how, file_options{chosen_file_mode(), threads});
  }
  static client connect(local::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(local::runtime&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace
