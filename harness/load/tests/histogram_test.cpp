// SPDX-License-Identifier: MIT
// The histogram against exact sorting, over seeded distributions and the ends of its range.
#include "harness/load/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/load/random.hpp"
#include "harness/load/tests/histogram_samples.hpp"

namespace tailrace::load {
namespace {

// The value of rank ceil(q * n) of the sorted values: what quantile() promises within its bucket.
std::int64_t exact_quantile(const std::vector<std::int64_t>& sorted, double q) {
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

void expect_same_as_sorting(std::vector<std::int64_t> values) {
  histogram filled;
  for (const auto value : values)
    filled.record(value);
  std::sort(values.begin(), values.end());
  ASSERT_EQ(filled.count(), values.size());
  EXPECT_EQ(filled.min(), values.front());
  EXPECT_EQ(filled.max(), values.back());
  double sum = 0;
  for (const auto value : values)
    sum += static_cast<double>(value);
  EXPECT_NEAR(filled.mean() * static_cast<double>(values.size()) / sum, 1.0, 0.001);
  for (const double q : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const std::int64_t exact = exact_quantile(values, q);
    const std::int64_t ours = filled.quantile(q);
    EXPECT_GE(ours, exact) << "q " << q;
    EXPECT_EQ(histogram::index_of(ours), histogram::index_of(exact)) << "q " << q;
    EXPECT_LE(static_cast<double>(ours - exact), static_cast<double>(exact) * 0.001) << "q " << q;
  }
}

TEST(histogram, quantiles_agree_with_exact_sorting) {
  for (const auto& sample : histogram_samples()) {
    SCOPED_TRACE(sample.name);
    if (!sample.values.empty()) expect_same_as_sorting(sample.values);
  }
}

TEST(histogram, quantiles_agree_with_exact_sorting_for_many_seeds) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    random_source random(seed);
    std::vector<std::int64_t> values;
    const auto count = 1 + random.below(300);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto scale = std::exp(random.exponential() * 4);
      values.push_back(static_cast<std::int64_t>(std::min(scale * 100, 3e12)) + 1);
    }
    expect_same_as_sorting(values);
  }
}

TEST(histogram, every_bucket_is_consistent_with_its_neighbours) {
  for (std::uint32_t i = 0; i + 1 < histogram::bucket_count; ++i) {
    ASSERT_EQ(histogram::bucket_highest(i) + 1, histogram::bucket_lowest(i + 1)) << i;
    ASSERT_EQ(histogram::index_of(histogram::bucket_lowest(i)), i);
    ASSERT_EQ(histogram::index_of(histogram::bucket_highest(i)), i);
  }
}

TEST(histogram, values_out_of_range_saturate_and_are_counted) {
  histogram filled;
  filled.record(-5);
  filled.record(histogram::highest_ns + 1);
  filled.record(INT64_MAX);
  filled.record(7);
  EXPECT_EQ(filled.count(), 4U);
  EXPECT_EQ(filled.out_of_range(), 3U);
  EXPECT_EQ(filled.min(), 0);
  EXPECT_EQ(filled.max(), histogram::highest_ns);
}

TEST(histogram, merging_is_the_same_as_recording_into_one) {
  random_source random(3);
  histogram whole, left, right;
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<std::int64_t>(random.below(1U << 30));
    whole.record(value);
    (i % 3 == 0 ? left : right).record(value);
  }
  left.merge(right);
  left.merge(histogram());
  EXPECT_EQ(left.count(), whole.count());
  EXPECT_EQ(left.min(), whole.min());
  EXPECT_EQ(left.max(), whole.max());
  for (std::uint32_t i = 0; i < histogram::bucket_count; ++i)
    ASSERT_EQ(left.count_at(i), whole.count_at(i));
}

TEST(histogram, empty_and_cleared_histograms_answer_zero) {
  histogram filled;
  EXPECT_EQ(filled.quantile(0.5), 0);
  EXPECT_EQ(filled.mean(), 0);
  filled.record(99);
  filled.record(1'000'000);
  filled.clear();
  EXPECT_EQ(filled.count(), 0U);
  EXPECT_EQ(filled.max(), 0);
  EXPECT_EQ(filled.min(), 0);
  EXPECT_TRUE(filled.nonzero().empty());
  filled.record(5);
  EXPECT_EQ(filled.quantile(1), 5);
}

}  // namespace
}  // namespace tailrace::load
