// SPDX-License-Identifier: MIT
// An echo round trip and a yield on the local executor allocate nothing after warm-up. Its atomic
// operations are looked for in this executable's machine code by no_locked_instructions.sh.
#include "runtimes/local/runtime.hpp"
#include "runtimes/tests/round_trips.hpp"

namespace tailrace {
namespace {

using namespace conformance;

class local_round_trip : public testing::Test {
 protected:
  local::runtime runtime_;
};

TEST_F(local_round_trip, allocates_nothing_after_warm_up) {
  EXPECT_EQ(allocations_of_1000_round_trips(runtime_, &serve<local::runtime>), 0u);
}

TEST_F(local_round_trip, control_that_allocates_is_counted) {
  EXPECT_GE(allocations_of_1000_round_trips(runtime_, &serve_wastefully<local::runtime>), 1000u);
}

TEST_F(local_round_trip, yields_allocate_nothing) {
  EXPECT_EQ(allocations_of_1000_yields(runtime_, false), 0u);
}

TEST_F(local_round_trip, yields_that_allocate_are_counted) {
  EXPECT_GE(allocations_of_1000_yields(runtime_, true), 1000u);
}

}  // namespace

// The control of no_locked_instructions.sh: this one does lock.
[[gnu::noinline]] void control_with_shared_counter(worker_counts<true>& counts) {
  counts.received_bytes.add(1);
}

TEST(local_counts, control_with_shared_counter_adds) {
  worker_counts<true> counts;
  control_with_shared_counter(counts);
  EXPECT_EQ(counts.received_bytes.get(), 1u);
}

}  // namespace tailrace
