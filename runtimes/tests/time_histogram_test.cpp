// SPDX-License-Identifier: MIT
#include "runtimes/base/time_histogram.hpp"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(time_histogram, every_bucket_begins_where_the_one_before_ends) {
  for (std::size_t i = 1; i < time_histogram::bucket_count; ++i) {
    const std::uint64_t lowest = time_histogram::lowest_of(i);
    ASSERT_EQ(time_histogram::index_of(lowest), i);
    ASSERT_EQ(time_histogram::index_of(lowest - 1), i - 1);
  }
}

TEST(time_histogram, a_middle_is_within_a_64th_of_what_is_in_its_bucket) {
  for (std::size_t i = 0; i + 1 < time_histogram::bucket_count; ++i) {
    const std::uint64_t lowest = time_histogram::lowest_of(i);
    const std::uint64_t highest = time_histogram::lowest_of(i + 1) - 1;
    const std::uint64_t middle = time_histogram::middle_of(i);
    ASSERT_GE(middle, lowest);
    ASSERT_LE(middle, highest);
    ASSERT_LE((middle - lowest) * 64, lowest);
    ASSERT_LE((highest - middle) * 64, lowest);
  }
}

TEST(time_histogram, tells_what_was_recorded_and_caps_what_is_too_long) {
  time_histogram times;
  times.record(0);
  times.record(7);
  times.record(7);
  times.record(UINT64_MAX);
  std::vector<distribution::bucket> buckets;
  times.append_to(buckets);
  ASSERT_EQ(buckets.size(), 3U);
  EXPECT_EQ(buckets[0].middle_ns, 0U);
  EXPECT_EQ(buckets[1].middle_ns, 7U);
  EXPECT_EQ(buckets[1].count, 2U);
  EXPECT_GT(buckets[2].middle_ns, time_histogram::longest_ns / 64 * 63);
  EXPECT_EQ(buckets[2].count, 1U);
}

}  // namespace
}  // namespace tailrace
