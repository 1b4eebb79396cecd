// SPDX-License-Identifier: MIT
#include "harness/campaign/plan.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "harness/campaign/tests/three_by_points.hpp"
#include "harness/kinds/registry.hpp"

namespace tailrace::campaign {
namespace {

profile four_by_three() {
  return three_by_points(4, "kind = \"memory\"\ncounts = [0, 10, 20]\nblocks = 1\n");
}

std::vector<subject> three() {
  return {{"a", "os", 70, "best", {}, 1},
          {"b", "os", 70, "best", {}, 1},
          {"c", "os", 70, "best", {}, 1}};
}

TEST(plan, every_block_runs_every_contestant_once_per_point) {
  const plan made = make_plan(four_by_three(), three(), 7, 4);
  EXPECT_EQ(made.cells.size(), 4U * 2 * 3 + 3);  // the memory point is in the first block only
  std::map<std::pair<int, std::size_t>, std::set<std::size_t>> seen;
  std::set<std::string> ids;
  for (const planned_cell& cell : made.cells) {
    EXPECT_TRUE(seen[std::pair(cell.block, cell.point)].insert(cell.subject).second);
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

std::vector<subject> three_in_two_arms() {
  std::vector<subject> subjects;
  for (const char* arm : {"base", "head"}) {
    for (subject each : three()) {
      each.arm = arm;
      subjects.push_back(each);
    }
  }
  return subjects;
}

TEST(plan, a_larger_one_begins_with_the_smaller) {
  const nlohmann::json small = plan_json(make_plan(four_by_three(), three_in_two_arms(), 7, 4));
  const nlohmann::json large = plan_json(make_plan(four_by_three(), three_in_two_arms(), 7, 9));
  ASSERT_GT(large.at("cells").size(), small.at("cells").size());
  for (std::size_t i = 0; i < small.at("cells").size(); ++i)
    EXPECT_EQ(large.at("cells")[i], small.at("cells")[i]);
}

TEST(plan, arms_of_a_contestant_follow_each_other_with_the_same_seed) {
  const plan made = make_plan(four_by_three(), three_in_two_arms(), 7, 4);
  ASSERT_EQ(made.cells.size(), 2U * (4 * 2 * 3 + 3));
  std::set<std::string> ids;
  for (std::size_t i = 0; i < made.cells.size(); i += 2) {
    const planned_cell& one = made.cells[i];
    const planned_cell& other = made.cells[i + 1];
    EXPECT_EQ(one.block, other.block);
    EXPECT_EQ(one.point, other.point);
    EXPECT_EQ(one.seed, other.seed);
    EXPECT_EQ(made.subjects[one.subject].id, made.subjects[other.subject].id);
    EXPECT_NE(made.subjects[one.subject].arm, made.subjects[other.subject].arm);
    EXPECT_TRUE(one.id.ends_with("-" + made.subjects[one.subject].arm)) << one.id;
    ids.insert({one.id, other.id});
  }
  EXPECT_EQ(ids.size(), made.cells.size());
}

TEST(plan, order_of_arms_is_turned_round_from_block_to_block_and_drawn_for_each_pair) {
  profile from = four_by_three();
  const plan made = make_plan(from, three_in_two_arms(), 7, 100);
  // First arm by block, of one contestant at one point.
  std::vector<std::string> first;
  for (std::size_t i = 0; i < made.cells.size(); i += 2) {
    const subject& who = made.subjects[made.cells[i].subject];
    if (made.cells[i].point == 0 && who.id == "a") first.push_back(who.arm);
  }
  ASSERT_EQ(first.size(), 100U);
  int base_first = 0;
  for (std::size_t block = 0; block < first.size(); block += 2) {
    EXPECT_NE(first[block], first[block + 1]) << block;
    base_first += first[block] == "base" ? 1 : 0;
  }
  EXPECT_NEAR(base_first, 25, 15);  // of 50 draws, standard deviation 3.5
}

TEST(plan, arms_change_nothing_in_the_order_of_the_rest) {
  const plan without = make_plan(four_by_three(), three(), 7, 4);
  const plan with = make_plan(four_by_three(), three_in_two_arms(), 7, 4);
  ASSERT_EQ(with.cells.size(), 2 * without.cells.size());
  for (std::size_t i = 0; i < without.cells.size(); ++i) {
    const planned_cell& one = without.cells[i];
    const planned_cell& armed = with.cells[2 * i];
    EXPECT_EQ(one.point, armed.point);
    EXPECT_EQ(one.seed, armed.seed);
    EXPECT_EQ(without.subjects[one.subject].id, with.subjects[armed.subject].id);
  }
}

TEST(plan, json_names_the_arms) {
  const nlohmann::json armed = plan_json(make_plan(four_by_three(), three_in_two_arms(), 7, 4));
  EXPECT_TRUE(armed.at("cells")[0].contains("arm"));
  const nlohmann::json plain = plan_json(make_plan(four_by_three(), three(), 7, 4));
  EXPECT_FALSE(plain.at("cells")[0].contains("arm"));
}

TEST(plan, first_place_is_taken_by_each_in_turn) {
  std::map<std::size_t, int> first;
  const plan made = make_plan(four_by_three(), three(), 3, 300);
  int block = -1;
  for (const planned_cell& cell : made.cells) {
    if (cell.point != 0 || cell.block == block) continue;
    block = cell.block;
    ++first[cell.subject];
  }
  // 300 draws from three: 100 each, standard deviation 8.
  for (const auto& each : first)
    EXPECT_NEAR(each.second, 100, 40);
}

TEST(subjects, forms_with_equal_options_run_once) {
  profile from = four_by_three();
  from.contestants = {"a", "b"};
  from.forms = {"best", "default"};
  std::map<std::string, contestant> found;
  found["a"].about.forms = {{"best", {}}, {"default", {}}};
  found["b"].about.forms = {{"best", {{"x", "1"}}}, {"default", {}}};
  const auto subjects = subjects_of(from, found);
  ASSERT_EQ(subjects.size(), 3U);
  EXPECT_EQ(subjects[0].form, "best");
  EXPECT_EQ(subjects[2].form, "default");
}

profile with_own_form() {
  return parse_profile(R"(
blocks = 2
contestants = ["a", "b"]
[form.a]
plain = { x = "2", y = "off" }
[[point]]
kind = "closed"
[[point]]
kind = "closed"
connections = 1
forms = ["best", "plain"]
)",
                       "test.toml", kinds::all());
}

TEST(subjects, a_profile_gives_forms_of_its_own_to_a_contestant) {
  std::map<std::string, contestant> found;
  for (const char* id : {"a", "b"}) {
    found[id].id = id;
    found[id].about.forms = {{"best", {{"x", "1"}}}};
  }
  const auto subjects = subjects_of(with_own_form(), found);
  ASSERT_EQ(subjects.size(), 3U);
  EXPECT_EQ(subjects[1].id, "a");
  EXPECT_EQ(subjects[1].form, "plain");
  EXPECT_EQ(subjects[1].options, (std::map<std::string, std::string>{{"x", "2"}, {"y", "off"}}));
}

TEST(plan, a_point_runs_the_forms_it_asks_for) {
  const std::vector<subject> subjects = {{"a", "os", 70, "best", {}, 1},
                                         {"a", "os", 70, "plain", {{"x", "2"}}, 1},
                                         {"b", "os", 70, "best", {}, 1}};
  const plan made = make_plan(with_own_form(), subjects, 7, 2);
  std::map<std::size_t, int> cells;
  for (const planned_cell& cell : made.cells) {
    ++cells[cell.point];
    EXPECT_TRUE(cell.point == 1 || subjects[cell.subject].form == "best") << cell.id;
  }
  EXPECT_EQ(cells[0], 2 * 2);
  EXPECT_EQ(cells[1], 2 * 3);
}

TEST(subjects, the_twin_is_one_contestant_twice_where_it_is_measured_in_slices) {
  const profile from = parse_profile(R"(
blocks = 2
contestants = ["a", "b"]
twin = "a"
[[point]]
kind = "closed"
[[point]]
kind = "memory"
counts = [0, 10, 20]
)",
                                     "test.toml", kinds::all());
  std::map<std::string, contestant> found;
  for (const char* const id : {"a", "b"}) {
    found[id].about.available = true;
    found[id].about.forms = {{"best", {{"option", "1"}}}};
  }
  const auto subjects = subjects_of(from, found);
  ASSERT_EQ(subjects.size(), 3U);
  EXPECT_EQ(subjects[1].id, "a");
  EXPECT_EQ(subjects[1].form, "twin");
  EXPECT_EQ(subjects[1].options, subjects[0].options);
  const plan made = make_plan(from, subjects, 1, 2);
  EXPECT_EQ(made.cells.size(), 2U * 3 + 2 * 2);
}

TEST(subjects, the_null_server_is_a_control_of_echo_points_in_slices_alone) {
  const std::string text = R"(
blocks = 2
null = true
contestants = ["a"]
forms = ["default"]
[[point]]
kind = "closed"
forms = ["default"]
[[point]]
kind = "hog"
rate_per_s = 1000
hog_rate_per_s = 10
[[point]]
kind = "memory"
counts = [0, 10, 20]
)";
  const profile from = parse_profile(text, "test.toml", kinds::all());
  std::map<std::string, contestant> found;
  for (const char* const id : {"a", null_id}) {
    found[id].id = id;
    found[id].about.available = true;
    found[id].about.forms = {{"best", {}}, {"default", {}}};
  }
  const auto subjects = subjects_of(from, found);
  ASSERT_EQ(subjects.size(), 2U);
  EXPECT_EQ(subjects[1].id, "null");
  EXPECT_EQ(subjects[1].form, "control");
  std::map<std::string, int> cells;
  for (const planned_cell& cell : make_plan(from, subjects, 1, 2).cells)
    if (cell.subject == 1) ++cells[from.points[cell.point].kind];
  EXPECT_EQ(cells, (std::map<std::string, int>{{"closed", 2}}));
  // Where there is none, as among builds that are compared, there is no such subject.
  found.erase(null_id);
  EXPECT_EQ(subjects_of(from, found).size(), 1U);
}

TEST(contestants, peers_beside_can_run_here_and_were_not_chosen) {
  std::map<std::string, contestant> found;
  for (const char* const id : {"go", "smol", "tokio", "local"}) {
    found[id].about.family = std::string(id) == "local" ? "in-house" : "peer";
    found[id].about.available = std::string(id) != "smol";
  }
  EXPECT_EQ(peers_beside({"tokio"}, found), std::vector<std::string>{"go"});
  EXPECT_EQ(peers_beside({"tokio", "go"}, found), std::vector<std::string>{});
}

}  // namespace
}  // namespace tailrace::campaign
