// SPDX-License-Identifier: MIT
// With two workers and threads of the tests' own that spawn tasks; with TAILRACE_STEAL_ALONE set,
// one worker, whose queue, locks, timers and events are of one thread (then without the tests of
// such threads).
// TAILRACE_FILES chooses where files are read.
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtimes/steal/runtime.hpp"
#include "runtimes/tests/chosen_file_mode.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {

using runtime_under_test = steal::runtime;

template <>
struct conformance_harness<steal::runtime> {
  using client = conformance::socket_client;
  static std::unique_ptr<steal::runtime> make() {
    const bool alone = std::getenv("TAILRACE_STEAL_ALONE") != nullptr;
    steal::options chosen;
    chosen.workers = alone ? 1 : 2;
    chosen.foreign_threads = !alone;
    chosen.files = chosen_file_mode();
    return std::make_unique<steal::runtime>(chosen);
  }
  static client connect(steal::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
};

}  // namespace tailrace

#include "runtimes/tests/extensions.hpp"
