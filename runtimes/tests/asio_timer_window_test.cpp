// SPDX-License-Identifier: MIT
// With a window, a sleep on Boost.Asio ends at a multiple of it, not at the deadline before.
#include <gtest/gtest.h>

#include <chrono>

#include "runtimes/asio/runtime.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

task<void> sleep_once(asio::runtime& runtime, clock::time_point deadline, clock::time_point& woke) {
  const io_result slept = co_await runtime.sleep_until(deadline);
  EXPECT_TRUE(slept.ok());
  woke = clock::now();
}

TEST(asio_timer_window, a_sleep_ends_no_earlier_than_the_next_multiple) {
  const auto window = 20ms;
  asio::options chosen;
  chosen.timer_window = window;
  asio::runtime runtime(chosen);
  // Just behind a multiple, so that the next is nearly a window away.
  const auto deadline = rounded_up(clock::now(), window) + 1us;
  clock::time_point woke;
  runtime.run(sleep_once(runtime, deadline, woke));
  EXPECT_GE(woke, deadline + window - 1us);
}

}  // namespace
}  // namespace tailrace
