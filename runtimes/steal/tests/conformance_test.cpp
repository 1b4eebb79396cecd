// SPDX-License-Identifier: MIT
// TAILRACE_STEAL="workers=2 lifo=stealable ..." chooses the options under test (CMakeLists.txt
// lists the matrix).
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "runtimes/steal/runtime.hpp"
#include "runtimes/steal/target_options.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = steal::runtime;

inline steal::options options_under_test() {
  steal::options chosen;
  const char* const text = std::getenv("TAILRACE_STEAL");
  const auto by_name = steal::named_options();
  std::istringstream words(text != nullptr ? text : "");
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (name == "workers" && read_number(value, chosen.workers)) continue;
    if (by_name.set(chosen, name, value)) continue;
    std::fprintf(stderr, "TAILRACE_STEAL: no option '%s'\n", word.c_str());
    std::abort();
  }
  return chosen;
}

template <>
struct conformance_harness<steal::runtime> {
  using client = conformance::socket_client;
  using famine = conformance::descriptor_famine;
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<steal::runtime> make() {
    return std::make_unique<steal::runtime>(options_under_test());
  }
  static client connect(steal::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(steal::runtime&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace

#include "runtimes/tests/conformance.hpp"
