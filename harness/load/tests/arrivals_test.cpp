// SPDX-License-Identifier: MIT
// The plan: seeded, exact in number, ordered, and Poisson where it says so.
#include "harness/load/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tailrace::load {
namespace {

std::vector<std::int64_t> all_of(const arrivals::plan& plan) {
  arrivals schedule(plan);
  std::vector<std::int64_t> times;
  while (schedule.next_ns() != arrivals::none) {
    EXPECT_GE(schedule.remaining(), 1U);
    times.push_back(schedule.next_ns());
    schedule.advance();
  }
  EXPECT_EQ(schedule.remaining(), 0U);
  return times;
}

arrivals::plan plan_of(arrival_kind kind, double rate, std::uint64_t seed = 1) {
  return {.kind = kind,
          .rate_per_s = rate,
          .warmup_ns = 500'000'000,
          .measured_ns = 2'000'000'000,
          .seed = seed};
}

TEST(arrivals, same_seed_same_plan_other_seed_other_plan) {
  EXPECT_EQ(all_of(plan_of(arrival_kind::poisson, 1000)),
            all_of(plan_of(arrival_kind::poisson, 1000)));
  EXPECT_NE(all_of(plan_of(arrival_kind::poisson, 1000)),
            all_of(plan_of(arrival_kind::poisson, 1000, 2)));
}

TEST(arrivals, planned_count_is_exact_in_each_phase) {
  for (const auto kind : {arrival_kind::poisson, arrival_kind::constant}) {
    for (std::uint32_t threads = 1; threads <= 3; ++threads) {
      std::size_t before = 0;
      std::size_t after = 0;
      for (std::uint32_t thread = 0; thread < threads; ++thread) {
        auto plan = plan_of(kind, 1001);
        plan.thread = thread;
        plan.threads = threads;
        std::int64_t last = INT64_MIN;
        for (const auto time : all_of(plan)) {
          EXPECT_LE(last, time);
          last = time;
          EXPECT_GE(time, -plan.warmup_ns);
          EXPECT_LT(time, plan.measured_ns);
          ++(time < 0 ? before : after);
        }
      }
      EXPECT_EQ(before, 501U);
      EXPECT_EQ(after, 2002U);
    }
  }
}

TEST(arrivals, constant_gaps_are_equal) {
  const auto times = all_of(plan_of(arrival_kind::constant, 1000));
  for (std::size_t i = 1; i < times.size(); ++i)
    ASSERT_NEAR(static_cast<double>(times[i] - times[i - 1]), 1e6, 2);
}

// Kolmogorov-Smirnov: the largest distance between the gaps' distribution and the exponential one.
// Its 0.1 % critical value is 1.95 / sqrt(n); constant gaps are at 0.63.
TEST(arrivals, poisson_gaps_are_exponential) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto times = all_of(plan_of(arrival_kind::poisson, 5000, seed));
    std::vector<double> gaps;
    for (std::size_t i = 1; i < times.size(); ++i)
      gaps.push_back(static_cast<double>(times[i] - times[i - 1]) / 200'000.0);
    std::sort(gaps.begin(), gaps.end());
    double distance = 0;
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      const double expected = 1 - std::exp(-gaps[i]);
      const double observed = static_cast<double>(i + 1) / static_cast<double>(gaps.size());
      distance = std::max(distance, std::abs(expected - observed));
    }
    EXPECT_LT(distance, 1.95 / std::sqrt(static_cast<double>(gaps.size()))) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tailrace::load
