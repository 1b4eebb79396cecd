// SPDX-License-Identifier: MIT
#include "workloads/value_counts.hpp"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(value_counts, keep_eleven_bits_and_ascend) {
  value_counts times;
  for (const std::int64_t ns : {2047, 0, 2048, 2049, 2050, 5, 4097, 123'456'789})
    times.record(ns);
  times.record(5, 3);
  EXPECT_EQ(times.pairs(), (count_pairs{{0, 1},
                                        {5, 4},
                                        {2047, 1},
                                        {2048, 2},
                                        {2050, 1},
                                        {4096, 1},
                                        {123'456'789 >> 16 << 16, 1}}));
}

TEST(value_counts, clamp_what_is_out_of_range) {
  value_counts times;
  times.record(-1);
  times.record(INT64_MAX);
  const count_pairs pairs = times.pairs();
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs.front().first, 0U);
  EXPECT_EQ(pairs.back().first, (std::uint64_t{1} << 42) - (std::uint64_t{1} << 31));
}

TEST(value_counts, of_every_value_at_once_are_few_enough_for_the_protocol) {
  value_counts times;
  for (std::uint64_t ns = 1; ns < std::uint64_t{1} << 42; ns += 1 + ns / 4096)
    times.record(static_cast<std::int64_t>(ns));
  EXPECT_LT(times.pairs().size(), 40'000U);
  EXPECT_GT(times.pairs().size(), 30'000U);
}

TEST(value_counts, add_up) {
  value_counts one;
  value_counts other;
  one.record(7);
  other.record(7, 2);
  other.record(100'000);
  one.add(other);
  EXPECT_EQ(one.pairs(), (count_pairs{{7, 3}, {99'968, 1}}));
}

}  // namespace
}  // namespace tailrace
