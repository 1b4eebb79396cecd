// SPDX-License-Identifier: MIT
// What may be alive at once, when a subject is warm, and what follows from its slices.
#include "harness/campaign/generation.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/slice_numbers.hpp"
#include "harness/campaign/tests/three_by_points.hpp"
#include "harness/campaign/warmup.hpp"

namespace tailrace::campaign {
namespace {

// Three subjects at two points of 50 and one of 1000 connections.
struct few_cells {
  few_cells() {
    from = three_by_points(1, "kind = \"closed\"\nconnections = 1000\n");
    for (std::size_t at = 0; at < 3; ++at)
      for (std::size_t subject = 0; subject < 3; ++subject)
        planned.push_back({"cell", 0, 0, 1, at, subject});
    for (const planned_cell& each : planned)
      cells.push_back({each, from.points[each.point], who, program, setting});
  }

  profile from;
  subject who;
  contestant program;
  cell_setting setting;
  std::vector<planned_cell> planned;
  std::vector<cell_context> cells;
};

std::vector<std::size_t> sizes(const std::vector<cell_group>& groups) {
  std::vector<std::size_t> all;
  for (const cell_group& each : groups)
    all.push_back(each.size());
  return all;
}

TEST(groups, of_all_points_where_there_are_descriptors_for_all) {
  EXPECT_EQ(sizes(groups_of(few_cells().cells, 20'000)), std::vector<std::size_t>{9});
}

TEST(groups, of_whole_points_where_not_all_fit) {
  const few_cells few;
  EXPECT_EQ(sizes(groups_of(few.cells, 3'000 + files_beside)), (std::vector<std::size_t>{6, 3}));
}

TEST(groups, of_one_subject_where_a_point_does_not_fit) {
  const few_cells few;
  EXPECT_EQ(sizes(groups_of(few.cells, 2'999 + files_beside)),
            (std::vector<std::size_t>{6, 1, 1, 1}));
}

TEST(groups, keep_points_apart_that_have_other_cpus) {
  few_cells few;
  cell_setting other;
  other.cpus.target = {5};
  few.cells.push_back({few.planned[0], few.from.points[1], few.who, few.program, other});
  std::vector<cell_context> two = {few.cells[0], few.cells[9]};
  EXPECT_EQ(sizes(groups_of(two, 20'000)), (std::vector<std::size_t>{1, 1}));
}

slice_reading reading(double per_s, std::int64_t p50_ns, std::int64_t cpu_ns) {
  slice_reading made;
  made.client.answered = 100;
  made.client.achieved_per_s = per_s;
  made.client.p50_ns = p50_ns;
  made.client.phase_s = 0.1;
  made.client.client_share = 0.5;
  made.use.cpu_ns = cpu_ns;
  made.use.wall_ns = 100'000'000;
  return made;
}

TEST(warmup, is_over_when_rate_latency_and_cpu_time_get_no_better) {
  std::vector<slice_reading> seen = {reading(50, 900, 900), reading(100, 100, 100)};
  EXPECT_FALSE(is_flat(seen)) << "two slices show nothing";
  seen.push_back(reading(104, 100, 100));
  EXPECT_FALSE(is_flat(seen)) << "better than the first";
  seen.push_back(reading(80, 300, 200));
  EXPECT_TRUE(is_flat(seen)) << "noise makes it worse, not better";
  for (const slice_reading& better :
       {reading(120, 100, 100), reading(100, 90, 100), reading(100, 100, 90)}) {
    std::vector<slice_reading> more = seen;
    more.push_back(better);
    EXPECT_FALSE(is_flat(more));
  }
  const std::vector<slice_reading> nothing(4, reading(0, 0, 0));
  EXPECT_FALSE(is_flat(nothing));
}

TEST(slice_numbers, are_sums_over_sums_of_the_kept_slices) {
  std::vector<slice_reading> slices = {reading(1, 1, 200'000), reading(1, 1, 400'000),
                                       reading(1, 1, 9'000'000)};
  slices[1].client.answered = 300;
  slices[1].use.disturbers = {{"cc1plus", 5'000'000}, {"sshd", 7'000'000}};
  slices[0].use.disturbers = {{"cc1plus", 3'000'000}};
  slices[2].kept = false;
  const kept_numbers numbers = numbers_of(slices, 1);
  EXPECT_DOUBLE_EQ(numbers.cost["operations"], 400);
  EXPECT_DOUBLE_EQ(numbers.cost["server"]["cpu_us_per_op"], 600.0 / 400);
  EXPECT_TRUE(numbers.cost["server"]["user_us_per_op"].is_null()) << "not one tick";
  EXPECT_DOUBLE_EQ(numbers.used.client, 0.5);
  EXPECT_EQ(numbers.used.achieved, 0) << "nothing was due";
  EXPECT_DOUBLE_EQ(numbers.used.server, 0.6e6 / 200e6);
  EXPECT_EQ(numbers.noise["kept_slices"], 2);
  EXPECT_EQ(numbers.noise["disturbed_slices"], 1);
  EXPECT_EQ(numbers.noise["disturbers"][0]["name"], "cc1plus");
  EXPECT_DOUBLE_EQ(numbers.noise["disturbers"][0]["ms"], 8);
  EXPECT_EQ(slices_json(slices).size(), 3U);
  EXPECT_EQ(slices_json(slices)[2]["kept"], false);
}

TEST(slice_numbers, what_was_achieved_is_that_of_the_slice_in_the_middle) {
  std::vector<slice_reading> slices(5, reading(1000, 1, 1));
  for (slice_reading& each : slices)
    each.client.planned = 100;  // in 0.1 s, as many as were answered
  slices[0].client.achieved_per_s = 400;
  slices[3].client.achieved_per_s = 500;
  EXPECT_DOUBLE_EQ(numbers_of(slices, 1).used.achieved, 1) << "two had a stall at their end";
  slices[4].client.achieved_per_s = 900;
  EXPECT_DOUBLE_EQ(numbers_of(slices, 1).used.achieved, 0.9);
  slices[4].kept = false;
  EXPECT_DOUBLE_EQ(numbers_of(slices, 1).used.achieved, 1);
}

TEST(slice_numbers, of_ended_threads_are_unknown_but_for_the_cpu_time) {
  std::vector<slice_reading> slices = {reading(1, 1, 200'000)};
  slices[0].use.threads_ended = true;
  const auto server = numbers_of(slices, 1).cost["server"];
  EXPECT_FALSE(server["cpu_us_per_op"].is_null());
  EXPECT_TRUE(server["voluntary_switches_per_op"].is_null());
  EXPECT_TRUE(server["run_delay_us_per_op"].is_null());
}

TEST(slice_use, counts_what_others_and_the_hypervisor_took_of_the_targets_cpus) {
  slice_use use;
  use.wall_ns = 100;
  use.others_ns = 6;
  use.steal_ns = 4;
  EXPECT_DOUBLE_EQ(use.disturbance(1), 0.1);
  EXPECT_DOUBLE_EQ(use.disturbance(2), 0.05);
  EXPECT_DOUBLE_EQ(slice_use().disturbance(1), 0);
}

}  // namespace
}  // namespace tailrace::campaign
