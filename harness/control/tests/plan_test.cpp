// SPDX-License-Identifier: MIT
#include "harness/control/plan.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "harness/record/schema.hpp"

namespace tailrace::control {
namespace {

profile four_by_three() {
  return parse_profile(R"(
blocks = 4
contestants = ["a", "b", "c"]
[[point]]
kind = "closed"
[[point]]
kind = "open"
rate_per_s = 1000
[[point]]
kind = "memory"
counts = [0, 10, 20]
blocks = 1
)",
                       "test.toml");
}

std::vector<entrant> three() {
  return {{"a", "best", {}, 1, "os"}, {"b", "best", {}, 1, "os"}, {"c", "best", {}, 1, "os"}};
}

TEST(plan, every_block_runs_every_contestant_once_per_point) {
  const plan made = make_plan(four_by_three(), three(), 7, 4);
  EXPECT_EQ(made.cells.size(), 4U * 2 * 3 + 3);  // the memory point is in the first block only
  std::map<std::pair<int, std::size_t>, std::set<std::size_t>> seen;
  std::set<std::string> ids;
  for (const planned_cell& cell : made.cells) {
    EXPECT_TRUE(seen[std::pair(cell.block, cell.point)].insert(cell.entrant).second);
    EXPECT_TRUE(ids.insert(cell.id).second);
  }
  for (const auto& each : seen)
    EXPECT_EQ(each.second.size(), 3U);
}

TEST(plan, contestants_of_a_point_share_the_seed_and_blocks_do_not) {
  const plan made = make_plan(four_by_three(), three(), 7, 4);
  std::map<std::pair<int, std::size_t>, std::set<std::uint64_t>> seeds;
  std::set<std::uint64_t> all;
  for (const planned_cell& cell : made.cells) {
    seeds[std::pair(cell.block, cell.point)].insert(cell.seed);
    all.insert(cell.seed);
  }
  for (const auto& each : seeds)
    EXPECT_EQ(each.second.size(), 1U);
  EXPECT_EQ(all.size(), seeds.size());
}

TEST(plan, order_changes_with_the_seed_and_only_with_it) {
  const std::string one = plan_json(make_plan(four_by_three(), three(), 7, 4)).dump();
  EXPECT_EQ(one, plan_json(make_plan(four_by_three(), three(), 7, 4)).dump());
  EXPECT_NE(one, plan_json(make_plan(four_by_three(), three(), 8, 4)).dump());
}

TEST(plan, first_place_is_taken_by_each_in_turn) {
  std::map<std::size_t, int> first;
  const plan made = make_plan(four_by_three(), three(), 3, 300);
  int block = -1;
  for (const planned_cell& cell : made.cells) {
    if (cell.point != 0 || cell.block == block) continue;
    block = cell.block;
    ++first[cell.entrant];
  }
  // 300 draws from three: 100 each, standard deviation 8.
  for (const auto& each : first)
    EXPECT_NEAR(each.second, 100, 40);
}

TEST(plan, fits_the_schema) {
  const auto value = plan_json(make_plan(four_by_three(), three(), 7, 4));
  const auto broken = record::schema_violations(record::results_schema(), "plan", value);
  EXPECT_TRUE(broken.empty()) << broken.front();
}

TEST(entrants, forms_with_equal_options_run_once) {
  profile from = four_by_three();
  from.contestants = {"a", "b"};
  from.forms = {"best", "default"};
  std::map<std::string, contestant> found;
  found["a"].forms = {{"best", {}}, {"default", {}}};
  found["b"].forms = {{"best", {{"x", "1"}}}, {"default", {}}};
  const auto entrants = entrants_of(from, found);
  ASSERT_EQ(entrants.size(), 3U);
  EXPECT_EQ(entrants[0].form, "best");
  EXPECT_EQ(entrants[2].form, "default");
}

profile with_own_form() {
  return parse_profile(R"(
blocks = 2
contestants = ["a", "b"]
[[form]]
contestant = "a"
name = "plain"
set = { x = "2", y = "off" }
[[point]]
kind = "closed"
[[point]]
kind = "closed"
connections = 1
forms = ["best", "plain"]
)",
                       "test.toml");
}

TEST(entrants, a_profile_gives_forms_of_its_own_to_a_contestant) {
  std::map<std::string, contestant> found;
  for (const char* id : {"a", "b"}) {
    found[id].id = id;
    found[id].forms = {{"best", {{"x", "1"}}}};
  }
  const auto entrants = entrants_of(with_own_form(), found);
  ASSERT_EQ(entrants.size(), 3U);
  EXPECT_EQ(entrants[1].id, "a");
  EXPECT_EQ(entrants[1].form, "plain");
  EXPECT_EQ(entrants[1].options, (std::map<std::string, std::string>{{"x", "2"}, {"y", "off"}}));
}

TEST(plan, a_point_runs_the_forms_it_asks_for) {
  const std::vector<entrant> entrants = {{"a", "best", {}, 1, "os"},
                                         {"a", "plain", {{"x", "2"}}, 1, "os"},
                                         {"b", "best", {}, 1, "os"}};
  const plan made = make_plan(with_own_form(), entrants, 7, 2);
  std::map<std::size_t, int> cells;
  for (const planned_cell& cell : made.cells) {
    ++cells[cell.point];
    EXPECT_TRUE(cell.point == 1 || entrants[cell.entrant].form == "best") << cell.id;
  }
  EXPECT_EQ(cells[0], 2 * 2);
  EXPECT_EQ(cells[1], 2 * 3);
}

}  // namespace
}  // namespace tailrace::control
