// SPDX-License-Identifier: MIT
#include "harness/targets/histogram_texts.hpp"

#include <gtest/gtest.h>

#include "harness/load/histogram_codec.hpp"

namespace tailrace {
namespace {

TEST(histogram_texts, merge_all_runtimes_by_name_and_can_be_read_back) {
  const std::vector<runtime_metrics> two{
      {.workers = {},
       .whole = {},
       .distributions = {{"poll_time_ns", {{100, 3}, {5000, 1}, {100, 1}}}, {"other_ns", {}}}},
      {.workers = {}, .whole = {}, .distributions = {{"poll_time_ns", {{5000, 2}}}}}};
  const string_map texts = histogram_texts(two);
  ASSERT_EQ(texts.size(), 2U);
  const auto polls = load::decode_histogram(texts.at("poll_time_ns"));
  ASSERT_TRUE(polls.value) << polls.refusal;
  EXPECT_EQ(polls.value->count(), 7U);
  EXPECT_EQ(polls.value->quantile(0.5), 100);
  EXPECT_EQ(polls.value->count_at(load::histogram::index_of(5000)), 3U);
  const auto other = load::decode_histogram(texts.at("other_ns"));
  ASSERT_TRUE(other.value) << other.refusal;
  EXPECT_EQ(other.value->count(), 0U);
}

}  // namespace
}  // namespace tailrace
