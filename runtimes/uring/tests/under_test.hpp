// SPDX-License-Identifier: MIT
// The io_uring runtime for the conformance suites: with the options of the environment variable
// TAILRACE_URING, skipped with the cause where io_uring is refused.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "runtimes/tests/conformance_harness.hpp"
#include "runtimes/uring/runtime.hpp"
#include "runtimes/uring/target_options.hpp"

namespace tailrace {

using runtime_under_test = uring::runtime;

inline uring::options options_under_test() {
  uring::options chosen;
  const char* const text = std::getenv("TAILRACE_URING");
  using table = option_table<uring::options>;
  const table sizes{table::integer("entries", &uring::options::entries, 1, 4096, ""),
                    table::integer("cq_entries", &uring::options::cq_entries, 1, 4096, ""),
                    table::integer("buffers", &uring::options::buffers, 1, 32768, ""),
                    table::integer("buffer_bytes", &uring::options::buffer_bytes, 1, 65536, "")};
  const table by_name = uring::named_options();
  std::istringstream words(text != nullptr ? text : "");
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (by_name.set(chosen, name, value) || sizes.set(chosen, name, value)) continue;
    std::fprintf(stderr, "TAILRACE_URING: no option '%s'\n", word.c_str());
    std::abort();
  }
  return chosen;
}

// The kernel notes the open-file limit when a multishot accept is armed, so that lowering it, as
// the general famine does, comes too late: here all descriptors up to the limit are taken.
class whole_famine {
 public:
  whole_famine() {
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
      plugs_.push_back(fd);
  }
  whole_famine(const whole_famine&) = delete;
  whole_famine& operator=(const whole_famine&) = delete;
  ~whole_famine() {
    while (!plugs_.empty())
      free_one();
  }
  void free_one() {
    ::close(plugs_.back());
    plugs_.pop_back();
  }

 private:
  std::vector<int> plugs_;
};

// Where io_uring is refused all tests are skipped, and the report says why.
class needs_uring final : public testing::Environment {
 public:
  void SetUp() override {
    if (const auto possible = uring::check_available(); !possible)
      GTEST_SKIP() << possible.error().sentence();
  }
};
inline testing::Environment* const uring_environment =
    testing::AddGlobalTestEnvironment(new needs_uring);

template <>
struct conformance_harness<uring::runtime> {
  using client = conformance::socket_client;
  using famine = whole_famine;
  static constexpr std::chrono::microseconds timer_granularity{0};
  static constexpr bool shares_ports = true;
  static std::unique_ptr<uring::runtime> make() {
    return std::make_unique<uring::runtime>(options_under_test());
  }
  static client connect(uring::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
  static std::unique_ptr<famine> starve(uring::runtime&) { return std::make_unique<famine>(); }
};

}  // namespace tailrace
