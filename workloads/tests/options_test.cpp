// SPDX-License-Identifier: MIT
#include "workloads/options.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tailrace {
namespace {

enum class colour { red, blue };
struct rules {
  colour paint = colour::blue;
  bool loud = false;
  std::uint32_t size = 3;
  std::chrono::nanoseconds pause{5'000};
  std::string path = "here";
};
using table = option_table<rules>;

table example() {
  return table{table::choice("paint", &rules::paint, {{"red", colour::red}, {"blue", colour::blue}},
                             "of it"),
               table::on_off("loud", &rules::loud, ""),
               table::integer<std::chrono::microseconds>("pause_us", &rules::pause, 0, 9, ""),
               table::text("path", &rules::path, "")}
      .with({"walk"},
            {table::integer("size", [](auto& all) -> auto& { return all.size; }, 1, 9, "")});
}

TEST(option_table, describes_its_options_with_the_defaults_of_the_rules) {
  const std::vector<option_spec> specs = example().specs();
  ASSERT_EQ(specs.size(), 5U);
  EXPECT_EQ(specs[0].default_value, "blue");
  EXPECT_EQ(specs[0].choices, (std::vector<std::string>{"red", "blue"}));
  EXPECT_EQ(specs[0].help, "of it");
  EXPECT_EQ(specs[1].default_value, "off");
  EXPECT_EQ(specs[2].default_value, "5");
  EXPECT_EQ(specs[2].range, "integer 0..9");
  EXPECT_EQ(specs[3].default_value, "here");
  EXPECT_EQ(specs[3].range, "text");
  EXPECT_EQ(specs[4].default_value, "3");
  EXPECT_TRUE(specs[4].belongs_to("walk"));
  EXPECT_FALSE(specs[4].belongs_to("run"));
  EXPECT_TRUE(specs[0].belongs_to("run"));
}

TEST(option_table, makes_rules_of_the_values_in_force) {
  const rules made = example().rules_of(option_values(
      {{"paint", "red"}, {"loud", "on"}, {"pause_us", "2"}, {"path", "there"}, {"other", "x"}}));
  EXPECT_EQ(made.paint, colour::red);
  EXPECT_TRUE(made.loud);
  EXPECT_EQ(made.pause, std::chrono::microseconds(2));
  EXPECT_EQ(made.path, "there");
  EXPECT_EQ(made.size, 3U);
}

TEST(option_table, knows_what_it_has_not) {
  rules made;
  EXPECT_FALSE(example().set(made, "paint", "green"));
  EXPECT_FALSE(example().set(made, "pause_us", "2x"));
  EXPECT_FALSE(example().set(made, "speed", "1"));
  EXPECT_TRUE(example().set(made, "size", "8"));
  EXPECT_EQ(made.size, 8U);
}

TEST(add_options, one_of_two_workloads_is_there_once) {
  std::vector<option_spec> all = {integer_option("seed", 1, 0, 9, "of one")};
  all.front().workloads = {"one"};
  std::vector<option_spec> more = {integer_option("seed", 1, 0, 9, "of two"),
                                   integer_option("size", 1, 0, 9, "")};
  for (option_spec& each : more)
    each.workloads = {"two"};
  add_options(all, more);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].workloads, (std::vector<std::string>{"one", "two"}));
}

TEST(option_values_death, a_name_that_is_not_in_force_is_a_bug) {
  const option_values given(std::map<std::string, std::string>{{"a", "1"}});
  EXPECT_DEATH(given.text("b"), "check failed");
}

}  // namespace
}  // namespace tailrace
