// SPDX-License-Identifier: MIT
// What an echo round trip on libuv allocates after warm-up: in style guide a buffer and a write
// request, as in the echo of libuv's guide; in style lean nothing.
#include "runtimes/libuv/runtime.hpp"
#include "runtimes/tests/round_trips.hpp"

namespace tailrace {
namespace {

using namespace conformance;

TEST(libuv_round_trip, allocates_nothing_in_style_lean) {
  libuv::runtime runtime(libuv::style::lean);
  EXPECT_EQ(allocations_of_1000_round_trips(runtime, &serve<libuv::runtime>), 0u);
}

TEST(libuv_round_trip, allocates_a_buffer_and_a_request_in_style_guide) {
  libuv::runtime runtime(libuv::style::guide);
  EXPECT_EQ(allocations_of_1000_round_trips(runtime, &serve<libuv::runtime>), 2000u);
}

}  // namespace
}  // namespace tailrace
