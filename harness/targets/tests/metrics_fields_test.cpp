// SPDX-License-Identifier: MIT
#include "harness/targets/metrics_fields.hpp"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

using list = std::vector<std::int64_t>;

TEST(metrics_fields, one_runtime_of_two_workers_gives_lists_of_two) {
  const runtime_metrics one{
      .workers = {{{"polls", 12}, {"parks", 1}}, {{"polls", 9}, {"parks", 2}}},
      .whole = {{"tasks_spawned", 51}},
      .distributions = {}};
  const event_fields expected{
      {"polls", list{12, 9}}, {"parks", list{1, 2}}, {"tasks_spawned", std::uint64_t{51}}};
  EXPECT_EQ(metrics_fields(std::span(&one, 1)), expected);
}

TEST(metrics_fields, two_runtimes_of_one_worker_give_one_entry_each_and_a_sum) {
  const std::vector<runtime_metrics> two{
      {.workers = {{{"polls", 12}}}, .whole = {{"tasks_spawned", 50}}, .distributions = {}},
      {.workers = {{{"polls", 9}}}, .whole = {{"tasks_spawned", 1}}, .distributions = {}}};
  const event_fields expected{{"polls", list{12, 9}}, {"tasks_spawned", std::uint64_t{51}}};
  EXPECT_EQ(metrics_fields(two), expected);
}

TEST(metrics_fields, without_workers_there_are_no_lists) {
  const runtime_metrics one{.workers = {}, .whole = {{"threads_alive", 3}}, .distributions = {}};
  const event_fields expected{{"threads_alive", std::uint64_t{3}}};
  EXPECT_EQ(metrics_fields(std::span(&one, 1)), expected);
  EXPECT_TRUE(metrics_fields({}).empty());
}

TEST(distribution_pairs, merge_all_runtimes_by_name) {
  const std::vector<runtime_metrics> two{
      {.workers = {},
       .whole = {},
       .distributions = {{"poll_time_ns", {{100, 3}, {5000, 1}, {100, 1}}}, {"other_ns", {}}}},
      {.workers = {}, .whole = {}, .distributions = {{"poll_time_ns", {{5001, 2}}}}}};
  const std::map<std::string, count_pairs> expected{{"poll_time_ns", {{100, 4}, {5000, 3}}},
                                                    {"other_ns", {}}};
  EXPECT_EQ(distribution_pairs(two), expected);
}

TEST(metrics_fields_death, runtimes_of_different_types_are_a_bug) {
  const std::vector<runtime_metrics> two{
      {.workers = {{{"polls", 12}}}, .whole = {}, .distributions = {}},
      {.workers = {{{"parks", 9}}}, .whole = {}, .distributions = {}}};
  EXPECT_DEATH(metrics_fields(two), "check failed");
}

}  // namespace
}  // namespace tailrace
