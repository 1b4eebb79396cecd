// SPDX-License-Identifier: MIT
// What only the engine over io_uring does: runs out of receive buffers, is refused, sends in parts;
// and that both engines measure the same.
#include <gtest/gtest.h>

#include <cerrno>
#include <iostream>

#include "harness/load/tests/load_fixture.hpp"
#include "harness/record/refusal.hpp"
#include "runtimes/base/uring/tests/seccomp_filter.hpp"

namespace tailrace::load {
namespace {

class uring_engine : public each_engine {};
INSTANTIATE_TEST_SUITE_P(over, uring_engine, testing::Values(engine_kind::uring));

TEST_P(uring_engine, tells_what_it_obtained) {
  const test_server server({});
  const auto result = run_checked(short_run(server));
  EXPECT_FALSE(result.engine_granted.empty());
}

// Two buffers for two hundred connections: nearly every batch finds none left, and each receive
// that ended for it is begun again. Nothing is lost and nobody waits for ever.
TEST_P(uring_engine, too_few_receive_buffers_cost_time_and_no_message) {
  const test_server server({});
  for (const std::uint32_t depth : {1U, 5U}) {
    auto options = unwarmed(server);
    options.connections = 200;
    options.receive_buffers = 2;
    options.depth = depth;
    const auto result = run_checked(options);
    EXPECT_TRUE(result.clean());
    EXPECT_EQ(result.total.counts.in_flight, 0U);
    EXPECT_GE(result.total.counts.ok, 200U);
    EXPECT_GT(result.receives_starved, 0U);
  }
}

// The server reads nothing for a while: the socket takes a part of what is sent, and the rest
// later.
TEST_P(uring_engine, a_send_that_is_short_goes_on_where_it_ended) {
  server_behaviour behaviour;
  behaviour.pause_at_total = 1;
  behaviour.pause_ns = 100'000'000;
  for (const std::uint32_t depth : {1U, 16U}) {
    const test_server server(behaviour);
    auto options = unwarmed(server);
    options.connections = 2;
    options.message_bytes = 1U << 20;
    options.depth = depth;
    const auto result = run_checked(options);
    EXPECT_TRUE(result.clean());
    EXPECT_EQ(result.total.counts.in_flight, 0U);
    EXPECT_GT(result.total.counts.ok, 2U);
  }
}

// A send that is left with a server that takes nothing: the run ends all the same, and its sockets
// are closed, so that the server sees the end of each.
TEST_P(uring_engine, what_is_stuck_in_the_kernel_does_not_keep_the_run) {
  const test_server server({.stall_at = 1});
  for (const double rate : {0.0, 200.0}) {
    auto options = unwarmed(server);
    options.message_bytes = 1U << 20;
    options.rate_per_s = rate;
    options.drain_s = 0.05;
    const auto result = run_checked(options);
    EXPECT_EQ(result.total.counts.ok, 0U);
    EXPECT_GT(result.total.counts.in_flight, 0U);
    EXPECT_FALSE(result.server_died);
  }
}

TEST_P(uring_engine, measures_a_known_delay_as_the_other_engine_does) {
  constexpr std::int64_t delay_ns = 30'000'000;
  const test_server server({.delay_ns = delay_ns});
  for (const double rate : {0.0, 400.0}) {
    auto options = short_run(server);
    options.rate_per_s = rate;
    std::int64_t median_ns[2] = {};
    for (const engine_kind engine : {engine_kind::epoll, engine_kind::uring}) {
      options.engine = engine;
      const auto result = run_checked(options);
      EXPECT_TRUE(result.clean());
      EXPECT_GE(result.total.response.min(), delay_ns);
      EXPECT_GE(result.total.service.min(), delay_ns);
      median_ns[static_cast<int>(engine)] = result.total.response.quantile(0.5);
    }
    // What lies above the delay is noise of the machine; that of the delay would be a factor of 2.
    EXPECT_LT(median_ns[0], 3 * median_ns[1]);
    EXPECT_LT(median_ns[1], 3 * median_ns[0]);
  }
}

// In a child: the filter cannot be taken back.
void start_without_io_uring(const load_options& options) {
  if (!uring::forbid_io_uring(EPERM)) std::exit(77);
  try {
    const std::atomic<bool> never_stop{false};
    static_cast<void>(run_load(options, never_stop));
  } catch (const refusal& failure) {
    std::cerr << failure.what() << "; " << failure.remedy();
    std::exit(failure.exit_code());
  }
  std::exit(0);
}

TEST(uring_engine_refused, does_not_start_and_says_why) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const test_server server({});
  load_options options;
  options.engine = engine_kind::uring;
  options.connect = {server.address()};
  EXPECT_EXIT(start_without_io_uring(options), testing::ExitedWithCode(refusal::unsupported),
              "the io_uring engine cannot run: .*seccomp.*; allow io_uring_setup");
}

TEST(uring_engine_refused, the_other_engine_runs_all_the_same) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const test_server server({});
  load_options options;
  options.connect = {server.address()};
  options.duration_s = 0.1;
  options.warmup_s = 0;
  EXPECT_EXIT(start_without_io_uring(options), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tailrace::load
