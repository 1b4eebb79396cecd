// SPDX-License-Identifier: MIT
// A server whose delay is known must be measured as known; and a stall must lift the tail of the
// open loop, because requests planned during the stall are counted from their plan. No assertion
// depends on how fast the machine is, but for upper bounds that leave a factor of several.
#include <gtest/gtest.h>

#include "harness/load/tests/load_fixture.hpp"

namespace tailrace::load {
namespace {

class known_delay : public each_engine {};
TAILRACE_OVER_BOTH_ENGINES(known_delay);

TEST_P(known_delay, no_answer_is_measured_faster_than_the_server_delays) {
  const test_server server({.delay_ns = 20'000'000});
  for (const double rate : {0.0, 500.0}) {
    auto options = short_run(server);
    options.rate_per_s = rate;
    const auto result = run_checked(options);
    EXPECT_TRUE(result.clean());
    EXPECT_GE(result.total.response.min(), 20'000'000);
    EXPECT_GE(result.total.service.min(), 20'000'000);
    EXPECT_LT(result.total.response.quantile(0.5), 2'000'000'000);  // not the wrong unit
    EXPECT_GE(result.total.counts.ok, 4U);
  }
}

// Coordinated omission: one pause of 200 ms in a run of one second. In the open loop the fifth of
// the requests that were planned during the pause waited for what was left of it, so a tenth waited
// at least 100 ms. In the closed loop each of the 4 connections had one request out, so 4 of
// thousands were slow, and more only where the machine itself stood still.
TEST_P(known_delay, a_pause_lifts_the_open_tail_and_hides_from_the_closed_one) {
  constexpr std::int64_t pause_ns = 200'000'000;
  server_behaviour behaviour;
  behaviour.pause_ns = pause_ns;
  behaviour.pause_at_total = 64 * 300;
  {
    const test_server server(behaviour);
    auto options = open_run(server, 1000);
    options.duration_s = 1;
    options.warmup_s = 0;
    const auto open = run_checked(options);
    EXPECT_TRUE(open.clean());
    EXPECT_EQ(open.total.counts.ok, 1000U);
    EXPECT_GE(open.total.response.quantile(0.95), pause_ns / 4);
    EXPECT_GE(open.total.response.quantile(0.99), pause_ns / 2);
    EXPECT_GE(open.total.response.max(), pause_ns * 9 / 10);
  }
  {
    const test_server server(behaviour);
    auto options = short_run(server);
    options.duration_s = 1;
    options.warmup_s = 0;
    const auto closed = run_checked(options);
    EXPECT_TRUE(closed.clean());
    EXPECT_GE(closed.total.response.max(), pause_ns * 9 / 10);
    // Those slower than half the pause: about one a connection, far from a tenth of all.
    std::uint64_t slow = 0;
    for (const auto& bucket : closed.total.response.nonzero())
      if (histogram::bucket_lowest(bucket.index) >= pause_ns / 2) slow += bucket.count;
    EXPECT_LT(slow * 20, closed.total.response.count());
    EXPECT_GE(slow, 1U);
  }
}

TEST_P(known_delay, skipping_late_requests_counts_each_of_them) {
  const test_server server({});
  auto options = open_run(server, 1'000'000);  // more than one thread can send
  options.duration_s = 0.1;
  options.warmup_s = 0;
  options.skip_late_us = 100;
  const auto result = run_checked(options);
  EXPECT_EQ(result.total.counts.planned, 100'000U);
  EXPECT_GT(result.total.counts.skipped_late, 0U);
  EXPECT_EQ(result.total.response.count(), 100'000U) << "those skipped at their age at the end";
}

}  // namespace
}  // namespace tailrace::load
