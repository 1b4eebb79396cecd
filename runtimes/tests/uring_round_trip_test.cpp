// SPDX-License-Identifier: MIT
// An echo round trip and a yield on the io_uring runtime allocate nothing after warm-up, however
// bytes are received and sent.
#include "runtimes/base/uring/tests/uring_available.hpp"
#include "runtimes/tests/round_trips.hpp"
#include "runtimes/uring/runtime.hpp"

namespace tailrace {
namespace {

using namespace conformance;

class uring_round_trip : public testing::Test {
 protected:
  void SetUp() override { TAILRACE_NEEDS_URING(); }
  static uring::options with(uring::receive_mode receive, uring::send_mode send) {
    uring::options chosen;
    chosen.receive = receive;
    chosen.send = send;
    return chosen;
  }
};

TEST_F(uring_round_trip, allocates_nothing_after_warm_up) {
  for (const uring::receive_mode receive :
       {uring::receive_mode::multishot, uring::receive_mode::single})
    for (const uring::send_mode send : {uring::send_mode::through_ring, uring::send_mode::direct}) {
      uring::runtime runtime(with(receive, send));
      EXPECT_EQ(allocations_of_1000_round_trips(runtime, &serve<uring::runtime>), 0u);
    }
}

TEST_F(uring_round_trip, control_that_allocates_is_counted) {
  uring::runtime runtime;
  EXPECT_GE(allocations_of_1000_round_trips(runtime, &serve_wastefully<uring::runtime>), 1000u);
}

TEST_F(uring_round_trip, yields_allocate_nothing) {
  uring::runtime runtime;
  EXPECT_EQ(allocations_of_1000_yields(runtime, false), 0u);
}

}  // namespace
}  // namespace tailrace
