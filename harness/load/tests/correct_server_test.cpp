// SPDX-License-Identifier: MIT
// Whole runs against servers that answer rightly, in every way TCP allows.
#include <gtest/gtest.h>

#include "harness/load/tests/load_fixture.hpp"

namespace tailrace::load {
namespace {

void expect_all_ok(const load_result& result) {
  const request_counts& c = result.total.counts;
  EXPECT_GT(c.ok, 0U);
  EXPECT_EQ(c.ok, c.sent - c.in_flight);
  EXPECT_EQ(c.in_flight, 0U);
  EXPECT_TRUE(result.clean());
  EXPECT_FALSE(result.server_died);
}

class correct_server : public each_engine {};
TAILRACE_OVER_BOTH_ENGINES(correct_server);

TEST_P(correct_server, closed_loop_of_every_size_is_all_right) {
  for (const std::uint32_t size : {1U, 5U, 24U, 64U, 1000U, 65536U, 300'000U, 1U << 20}) {
    SCOPED_TRACE(size);
    const test_server server({});
    auto options = short_run(server);
    options.message_bytes = size;
    const auto result = run_checked(options);
    expect_all_ok(result);
    EXPECT_EQ(result.total.connect.count(), 4U);
    EXPECT_EQ(result.connections_opened, 4U);
  }
}

TEST_P(correct_server, depth_with_large_messages_does_not_deadlock) {
  const test_server server({});
  auto options = short_run(server);
  options.message_bytes = 1U << 20;
  options.depth = 8;
  expect_all_ok(run_checked(options));
}

TEST_P(correct_server, split_answers_are_put_together) {
  const test_server server({.piece_bytes = 7, .receive_bytes = 100});
  auto options = short_run(server);
  options.depth = 5;
  expect_all_ok(run_checked(options));
  options.rate_per_s = 500;
  expect_all_ok(run_checked(options));
}

TEST_P(correct_server, coalesced_answers_are_taken_apart) {
  const test_server server({.hold_bytes = 8 * 64});
  auto options = short_run(server);
  options.depth = 8;
  options.drain_s = 0.1;
  const auto result = run_checked(options);
  EXPECT_GT(result.total.counts.ok, 100U);
  EXPECT_TRUE(result.clean());
}

TEST_P(correct_server, open_loop_sends_exactly_its_plan) {
  const test_server server({});
  for (const bool spin : {false, true}) {
    for (const auto kind : {arrival_kind::poisson, arrival_kind::constant}) {
      auto options = open_run(server, 2000);
      options.arrival = kind;
      options.spin = spin;
      const auto result = run_checked(options);
      expect_all_ok(result);
      EXPECT_EQ(result.total.counts.planned, 600U);
      EXPECT_EQ(result.total.counts.sent, 600U);
      EXPECT_DOUBLE_EQ(result.offered_per_s, 2000.0);
      EXPECT_GE(result.windows.size(), 3U);
      EXPECT_GE(result.total.response.min(), result.total.service.min());
    }
  }
}

TEST_P(correct_server, threads_share_the_plan_and_merge_exactly) {
  const test_server server({});
  auto options = open_run(server, 3000);
  options.threads = 3;
  options.connections = 10;
  const auto result = run_checked(options);
  expect_all_ok(result);
  EXPECT_EQ(result.total.counts.planned, 900U);
  EXPECT_EQ(result.total.connect.count(), 10U);
  options.rate_per_s = 0;
  expect_all_ok(run_checked(options));
}

TEST_P(correct_server, a_thousand_connections_with_a_ramp) {
  const test_server server({});
  auto options = short_run(server);
  options.connections = 1000;
  options.source_addresses = 3;
  options.connect_rate_per_s = 20'000;
  options.warmup_s = 0.2;
  const auto result = run_checked(options);
  expect_all_ok(result);
  EXPECT_EQ(result.connections_opened, 1000U);
  EXPECT_EQ(server.accepted(), 1000U);
  EXPECT_EQ(result.total.connect.count(), 1000U);
}

TEST_P(correct_server, several_servers_share_the_connections) {
  const test_server left({});
  const test_server right({});
  auto options = short_run(left);
  options.connect.push_back(right.address());
  options.connections = 7;
  expect_all_ok(run_checked(options));
  EXPECT_EQ(left.accepted(), 4U);
  EXPECT_EQ(right.accepted(), 3U);
}

TEST_P(correct_server, http_answers_of_one_size_are_counted) {
  const std::string answer = "HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 5\r\n\r\nhello";
  const test_server server({.piece_bytes = 11, .http_answer = answer});
  auto options = short_run(server);
  options.http = true;
  options.depth = 3;
  const auto result = run_checked(options);
  expect_all_ok(result);
  EXPECT_NEAR(result.bytes_per_s, result.achieved_per_s * static_cast<double>(answer.size()), 1);
}

}  // namespace
}  // namespace tailrace::load
