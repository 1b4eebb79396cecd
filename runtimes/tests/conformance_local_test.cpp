// SPDX-License-Identifier: MIT
// TAILRACE_LOCAL="register=oneshot" chooses the option under test (CMakeLists.txt lists it).
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "runtimes/local/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = local::runtime;

inline local::registration registration_under_test() {
  const char* const text = std::getenv("TAILRACE_LOCAL");
  if (text == nullptr) return local::registration::once;
  if (std::string_view(text) == "register=oneshot") return local::registration::oneshot;
  std::fprintf(stderr, "TAILRACE_LOCAL: no option '%s'\n", text);
  std::abort();
}

template <>
struct conformance_harness<local::runtime> {
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<local::runtime> make() {
    return std::make_unique<local::runtime>(registration_under_test());
  }
  static client connect(local::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(local::runtime&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace

#include "runtimes/tests/conformance.hpp"
