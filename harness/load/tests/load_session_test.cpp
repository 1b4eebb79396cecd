// SPDX-License-Identifier: MIT
// Load in slices over connections that stay open: each slice adds up by itself, and their sum is
// that of one run.
#include "harness/load/load_session.hpp"

#include <memory>

#include "harness/load/file_limit.hpp"
#include "harness/load/load_table.hpp"
#include "harness/load/slice_account.hpp"
#include "harness/load/tests/load_fixture.hpp"

namespace tailrace::load {
namespace {

using slices = each_engine;

const std::atomic<bool> never_stop{false};

TEST_P(slices, each_adds_up_over_the_same_connections) {
  const test_server server({});
  load_session session(open_run(server, 2000), never_stop);
  std::uint64_t sent = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const load_result result = session.run({.settle_s = 0.05, .duration_s = 0.1, .seed = seed});
    expect_counts_add_up(result);
    EXPECT_EQ(result.total.counts.planned, 200U);
    EXPECT_EQ(result.total.counts.ok, 200U);
    EXPECT_EQ(result.total.whole_run.sent, 300U) << "of this slice alone, settling included";
    EXPECT_EQ(result.total.whole_run.answered, 300U);
    EXPECT_TRUE(result.clean());
    sent += result.total.whole_run.sent;
  }
  EXPECT_EQ(server.accepted(), 4U);
  EXPECT_EQ(server.total_received(), sent * 64);
}

TEST_P(slices, of_a_closed_loop_go_on_where_the_one_before_ended) {
  const test_server server({});
  load_options options = short_run(server);
  options.depth = 3;
  load_session session(options, never_stop);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const load_result result = session.run({.settle_s = 0.02, .duration_s = 0.1, .seed = seed});
    expect_counts_add_up(result);
    EXPECT_GT(result.total.counts.ok, 0U);
    EXPECT_EQ(result.total.counts.in_flight, 0U);
    EXPECT_TRUE(result.clean());
  }
}

// Of each connection the server sees every message whole and in order, or the bytes were wrong.
TEST_P(slices, a_late_answer_is_compared_and_counted_in_the_slice_that_sent_it_alone) {
  const test_server server({.delay_ns = 150'000'000});
  load_options options = short_run(server);
  options.drain_s = 0;
  load_session session(options, never_stop);
  const load_result first = session.run({.settle_s = 0, .duration_s = 0.05, .seed = 1});
  expect_counts_add_up(first);
  EXPECT_EQ(first.total.counts.in_flight, 4U);
  EXPECT_EQ(first.total.whole_run.answered, 0U);
  if (GetParam() == engine_kind::uring)
    return;  // its sends have gone; what is received is cancelled
  const load_result second = session.run({.settle_s = 0, .duration_s = 0.4, .seed = 2});
  expect_counts_add_up(second);
  EXPECT_EQ(second.total.counts.wrong + second.total.counts.errors, 0U);
  EXPECT_EQ(second.total.counts.timed_out, 0U);
  EXPECT_TRUE(second.total.lost_connections.empty());
  EXPECT_GE(second.total.whole_run.answered, 4U + second.total.counts.ok);
}

// The longest waits are those that never end: whatever the server leaves out, no quantile gets
// better by it.
TEST_P(slices, what_is_never_answered_is_there_at_its_age_once_and_in_its_own_slice) {
  const test_server server({.stall_at = 64 * 10});
  load_options options = open_run(server, 400);
  options.drain_s = 0.05;
  load_session session(options, never_stop);
  slice_account account;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const load_result slice = session.run({.settle_s = 0, .duration_s = 0.2, .seed = seed});
    expect_counts_add_up(slice);
    EXPECT_EQ(slice.total.response.count(), 80U);
    EXPECT_GE(slice.total.response.quantile(0.75), 50'000'000) << "40 are answered in all";
    if (seed == 2) {
      EXPECT_EQ(slice.total.counts.ok, 0U);
      EXPECT_GE(slice.total.response.min(), 50'000'000) << "none is younger than the drain";
    }
    account.take(slice);
    EXPECT_TRUE(account.count(slice_use::kept));
  }
  EXPECT_EQ(account.kept().total.response.count(), 160U);
}

TEST_P(slices, a_lost_connection_stays_lost) {
  const test_server server({.close_at = 640});
  load_session session(open_run(server, 400), never_stop);
  const load_result first = session.run({.settle_s = 0, .duration_s = 0.5, .seed = 1});
  EXPECT_TRUE(first.all_connections_lost);
  const load_result second = session.run({.settle_s = 0, .duration_s = 0.1, .seed = 2});
  expect_counts_add_up(second);
  EXPECT_EQ(second.total.counts.sent, 0U);
  EXPECT_EQ(second.total.counts.never_sent, 40U);
}

// More than an engine looks at in one go.
TEST_P(slices, begin_with_a_look_at_every_connection) {
  constexpr std::uint32_t many = 800;
  make_room_for_connections(2 * many);  // and as many of the server
  auto server = std::make_unique<test_server>(server_behaviour{});
  load_options options = open_run(*server, 4000);
  options.connections = many;
  load_session session(options, never_stop);
  const load_result first = session.run({.settle_s = 0, .duration_s = 0.1, .seed = 1});
  EXPECT_TRUE(first.clean()) << load_complaints(first);
  server.reset();
  const load_result second = session.run({.settle_s = 0, .duration_s = 0.1, .seed = 2});
  expect_counts_add_up(second);
  EXPECT_TRUE(second.server_died);
  EXPECT_EQ(second.total.counts.planned, 400U);
  EXPECT_EQ(second.total.counts.sent, 0U);
}

TEST_P(slices, add_up_to_what_was_kept_and_what_was_lived) {
  const test_server server({});
  load_session session(open_run(server, 1000), never_stop);
  slice_account account;
  EXPECT_FALSE(account.count(slice_use::kept)) << "no slice yet";
  for (const slice_use use :
       {slice_use::warmup, slice_use::kept, slice_use::disturbed, slice_use::kept}) {
    account.take(session.run({.settle_s = 0.01, .duration_s = 0.1, .seed = 1}));
    EXPECT_TRUE(account.count(use));
    EXPECT_FALSE(account.count(use)) << "once only";
  }
  account.take(session.run({.settle_s = 0, .duration_s = 0.1, .seed = 1}));
  const load_result kept = account.kept();
  expect_counts_add_up(kept);
  EXPECT_EQ(kept.total.counts.ok, 200U);
  EXPECT_NEAR(kept.phase_s, 0.2, 1e-6);
  EXPECT_NEAR(kept.achieved_per_s, static_cast<double>(kept.total.answered_in_phase) / 0.2, 1e-3);
  ASSERT_GE(kept.windows.size(), 2U);  // one more each for an answer that came after the end
  EXPECT_GT(kept.windows.back().t_s, 0.19);
  EXPECT_EQ(kept.total.whole_run.sent, 540U) << "of every slice";
  EXPECT_EQ(account.lived().total.counts.ok, 300U);
}

TAILRACE_OVER_BOTH_ENGINES(slices);

}  // namespace
}  // namespace tailrace::load
