// SPDX-License-Identifier: MIT
// An echo round trip and a yield on the work-stealing runtime allocate nothing after warm-up: alone
// on its thread, ready for other threads, and with two workers.
#include "runtimes/steal/runtime.hpp"
#include "runtimes/tests/round_trips.hpp"

namespace tailrace {
namespace {

using namespace conformance;

struct variant {
  const char* name;
  steal::options options;
  // What a second worker holds for itself is made when it first gets a task or a message, which may
  // be late: a few allocations, and not one for each of a thousand.
  std::size_t allowed;
};

steal::options options_of(std::uint32_t workers, bool foreign_threads) {
  steal::options chosen;
  chosen.workers = workers;
  chosen.foreign_threads = foreign_threads;
  chosen.on_worker_start = [](std::uint32_t) { count_allocations_of_this_thread(); };
  return chosen;
}

class steal_round_trip : public testing::TestWithParam<variant> {
 protected:
  steal::runtime runtime_{GetParam().options};
};

TEST_P(steal_round_trip, allocates_nothing_after_warm_up) {
  EXPECT_LE(allocations_of_1000_round_trips(runtime_, &serve<steal::runtime>), GetParam().allowed);
}

TEST_P(steal_round_trip, control_that_allocates_is_counted) {
  EXPECT_GE(allocations_of_1000_round_trips(runtime_, &serve_wastefully<steal::runtime>), 1000u);
}

TEST_P(steal_round_trip, yields_allocate_nothing) {
  EXPECT_LE(allocations_of_1000_yields(runtime_, false), GetParam().allowed);
}

TEST_P(steal_round_trip, yields_that_allocate_are_counted) {
  EXPECT_GE(allocations_of_1000_yields(runtime_, true), 1000u);
}

INSTANTIATE_TEST_SUITE_P(variants, steal_round_trip,
                         testing::Values(variant{"alone", options_of(1, false), 0},
                                         variant{"foreign_threads", options_of(1, true), 0},
                                         variant{"two_workers", options_of(2, false), 16}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace tailrace
