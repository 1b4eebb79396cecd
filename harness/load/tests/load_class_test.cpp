// SPDX-License-Identifier: MIT
// Connections of two classes: who belongs to which, each class's own plan and counts, and that a
// delay of one class does not show in the other's.
#include "harness/load/load_class.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/load/tests/load_fixture.hpp"

namespace tailrace::load {
namespace {

load_options hogs_of(std::uint32_t connections, std::uint32_t every) {
  load_options options;
  options.connections = connections;
  options.rate_per_s = 1000;
  options.hog_every = every;
  options.hog_rate_per_s = 50;
  return options;
}

TEST(load_class, plain_load_has_one_class_with_all_of_the_rate) {
  load_options options;
  options.rate_per_s = 700;
  const class_split split = split_of(options);
  EXPECT_FALSE(split.split());
  EXPECT_TRUE(split.class_of.empty());
  EXPECT_EQ(split.classes.front().rate_per_s, 700);
  EXPECT_EQ(split.classes.front().seed, options.seed);
  EXPECT_EQ(split.classes.front().connections, options.connections);
}

TEST(load_class, hogs_are_the_multiples_and_the_others_lead) {
  const class_split split = split_of(hogs_of(25, 10));
  ASSERT_TRUE(split.split());
  for (std::uint32_t number = 0; number < 25; ++number)
    EXPECT_EQ(split.class_of[number], number % 10 == 0 ? 1 : 0) << number;
  EXPECT_EQ(split.classes[0].name, "others");
  EXPECT_EQ(split.classes[0].connections, 22U);
  EXPECT_EQ(split.classes[0].rate_per_s, 1000);
  EXPECT_EQ(split.classes[1].name, "hogs");
  EXPECT_EQ(split.classes[1].connections, 3U);
  EXPECT_EQ(split.classes[1].rate_per_s, 50);
  EXPECT_NE(split.classes[0].seed, split.classes[1].seed);
  EXPECT_TRUE(split.first_leads);
}

std::set<std::size_t> hot_set(std::uint64_t seed) {
  load_options options;
  options.connections = 40;
  options.rate_per_s = 1000;
  options.hot_connections = 5;
  options.hot_share = 0.75;
  options.seed = seed;
  const class_split split = split_of(options);
  EXPECT_FALSE(split.first_leads);
  EXPECT_DOUBLE_EQ(split.classes[0].rate_per_s, 250);
  EXPECT_DOUBLE_EQ(split.classes[1].rate_per_s, 750);
  std::set<std::size_t> hot;
  for (std::size_t number = 0; number < split.class_of.size(); ++number)
    if (split.class_of[number] == 1) hot.insert(number);
  return hot;
}

TEST(load_class, hot_set_is_seeded_and_reaches_every_connection) {
  EXPECT_EQ(hot_set(7), hot_set(7));
  std::set<std::size_t> ever;
  std::set<std::set<std::size_t>> sets;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto hot = hot_set(seed);
    EXPECT_EQ(hot.size(), 5U);
    ever.insert(hot.begin(), hot.end());
    sets.insert(hot);
  }
  EXPECT_EQ(ever.size(), 40U);
  EXPECT_GT(sets.size(), 190U);
}

// The identities of each class, and that the classes are the whole.
void expect_classes_add_up(const load_result& result) {
  request_counts sum;
  ASSERT_EQ(result.classes.size(), 2U);
  for (const class_result& each : result.classes) {
    const request_counts& c = each.counted.counts;
    EXPECT_EQ(c.planned, c.sent + c.skipped_late + c.never_sent);
    EXPECT_EQ(c.sent, c.ok + c.wrong + c.errors + c.timed_out + c.in_flight);
    EXPECT_EQ(each.counted.response.count(), c.planned - c.wrong - c.errors);
    EXPECT_EQ(each.counted.lateness.count(), c.sent);
    EXPECT_LE(each.counted.whole_run.answered, each.counted.whole_run.sent);
    EXPECT_GE(each.counted.whole_run.answered, c.ok);
    sum.add(c);
  }
  EXPECT_EQ(sum.planned, result.total.counts.planned);
  EXPECT_EQ(sum.sent, result.total.counts.sent);
  EXPECT_EQ(sum.ok, result.total.counts.ok);
  EXPECT_EQ(result.total.response.count(), sum.planned - sum.wrong - sum.errors);
  std::uint64_t in_windows = 0;
  for (const auto& window : result.windows)
    in_windows += window.ok;
  EXPECT_EQ(in_windows, result.leading().counts.ok);
}

class load_class_run : public each_engine {
 protected:
  static load_options split_run(const test_server& server) {
    load_options options = open_run(server, 2000);
    options.connections = 20;
    options.hog_every = 10;
    options.hog_rate_per_s = 100;
    return options;
  }
};
TAILRACE_OVER_BOTH_ENGINES(load_class_run);

load_result run_split(const load_options& options) {
  const std::atomic<bool> never_stop{false};
  load_result result = run_load(options, never_stop);
  expect_classes_add_up(result);
  return result;
}

TEST_P(load_class_run, each_class_sends_exactly_its_plan) {
  const test_server server({});
  for (const auto kind : {arrival_kind::poisson, arrival_kind::constant}) {
    auto options = split_run(server);
    options.arrival = kind;
    const auto result = run_split(options);
    EXPECT_TRUE(result.clean());
    EXPECT_EQ(result.leading_class, "others");
    EXPECT_EQ(result.classes[0].counted.counts.ok, 600U);
    EXPECT_EQ(result.classes[1].counted.counts.ok, 30U);
    // Warm-up included.
    EXPECT_EQ(result.classes[0].counted.whole_run.answered, 700U);
    EXPECT_EQ(result.classes[1].counted.whole_run.answered, 35U);
    EXPECT_EQ(result.total.counts.planned, 630U);
  }
}

TEST_P(load_class_run, hot_connections_carry_their_share) {
  const test_server server({});
  auto options = open_run(server, 2000);
  options.connections = 20;
  options.hot_connections = 2;
  options.hot_share = 0.9;
  const auto result = run_split(options);
  EXPECT_TRUE(result.clean());
  EXPECT_EQ(result.leading_class, "");
  EXPECT_EQ(result.classes[0].counted.counts.ok, 60U);
  EXPECT_EQ(result.classes[1].counted.counts.ok, 540U);
  EXPECT_EQ(&result.leading(), &result.total);
}

// Two servers take turns: even connections go to the first, so with hog_every = 2 it has the hogs.
TEST_P(load_class_run, a_slow_class_does_not_show_in_the_others_latency) {
  constexpr std::int64_t delay_ns = 60'000'000;
  const test_server slow({.delay_ns = delay_ns});
  const test_server quick({});
  auto options = split_run(slow);
  options.connect = {slow.address(), quick.address()};
  options.hog_every = 2;
  const auto result = run_split(options);
  EXPECT_TRUE(result.clean());
  EXPECT_GE(result.classes[1].counted.response.min(), delay_ns);
  EXPECT_LT(result.leading().response.quantile(0.5), delay_ns);
  EXPECT_EQ(result.leading().response.count(), result.classes[0].counted.response.count());
}

TEST_P(load_class_run, a_class_that_lost_all_its_connections_sends_no_more_and_the_other_goes_on) {
  const test_server dying({.die_at_total = 64 * 10});
  const test_server quick({});
  auto options = split_run(dying);
  options.connect = {dying.address(), quick.address()};
  options.hog_every = 2;
  options.hog_rate_per_s = 500;
  const auto result = run_split(options);
  EXPECT_FALSE(result.clean());
  EXPECT_FALSE(result.server_died);
  EXPECT_GT(result.classes[1].counted.counts.never_sent, 50U);
  EXPECT_EQ(result.classes[0].counted.counts.ok, 600U);
}

}  // namespace
}  // namespace tailrace::load
