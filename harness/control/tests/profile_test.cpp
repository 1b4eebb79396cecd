// SPDX-License-Identifier: MIT
// Every bad profile gets one sentence with file and line.
#include "harness/control/profile.hpp"

#include <gtest/gtest.h>

#include "harness/record/refusal.hpp"

namespace tailrace::control {
namespace {

std::string sentence(const std::string& text) {
  try {
    parse_profile(text, "p.toml");
  } catch (const refusal& refused) {
    EXPECT_EQ(refused.exit_code(), 2);
    return refused.what();
  }
  return "";
}

const std::string head = "contestants = [\"local\"]\n[[point]]\n";

TEST(profile, shipped_ones_are_read) {
  const auto names = profile_names();
  ASSERT_GE(names.size(), 3U);
  for (const std::string& name : names)
    EXPECT_EQ(load_profile(name).name, name);
}

TEST(profile, malformed_toml_names_the_line) {
  EXPECT_EQ(sentence("blocks = 1\nblocks = = 2\n").substr(0, 9), "p.toml:2:");
}

TEST(profile, unknown_key_names_the_allowed_ones) {
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconections = 3\n"),
            "p.toml:4: unknown key \"conections\" in a [[point]]; the keys are id, kind, workload, "
            "connections, message_bytes, depth, rate_per_s, arrivals, warmup_s, duration_s, "
            "workers, blocks");
}

TEST(profile, bad_values_name_the_range) {
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconnections = 0\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconnections = \"x\"\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nduration_s = nan\n"),
            "p.toml:4: duration_s must be a number from 0.1 to 3600");
  EXPECT_EQ(
      sentence(head + "kind = \"clsed\"\n"),
      "p.toml:3: kind = \"clsed\" is not one of open, closed, memory, task_memory, hog, skew");
  EXPECT_EQ(sentence("blocks = 0\n" + head + "kind = \"closed\"\n"),
            "p.toml:1: blocks must be a whole number from 1 to 1000");
}

TEST(profile, open_point_needs_a_rate_and_a_closed_one_has_none) {
  EXPECT_EQ(sentence(head + "kind = \"open\"\n"),
            "p.toml:3: an open point needs rate_per_s, a number from 1 to 1e+08");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nrate_per_s = 5\n"),
            "p.toml:4: a closed point has no rate_per_s: it is as fast as it can");
}

TEST(profile, memory_counts_need_zero_and_three) {
  EXPECT_EQ(sentence(head + "kind = \"memory\"\ncounts = [0, 10]\n"),
            "p.toml:4: counts must be at least three different whole numbers, 0 among them");
}

TEST(profile, empty_or_double_lists_are_refused) {
  EXPECT_NE(sentence("contestants = []\n[[point]]\nkind=\"closed\"\n"), "");
  EXPECT_EQ(sentence("contestants = [\"a\", \"a\"]\n[[point]]\nkind=\"closed\"\n"),
            "p.toml:1: \"a\" is there twice");
  EXPECT_NE(sentence("contestants = [\"../a\"]\n[[point]]\nkind=\"closed\"\n"), "");
  EXPECT_NE(sentence("contestants = [\"a\"]\n"), "");
  EXPECT_NE(sentence(head + "kind=\"closed\"\n[[point]]\nkind=\"closed\"\n"), "");
}

TEST(profile, unknown_name_lists_the_known) {
  try {
    load_profile("smokee");
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_NE(std::string(refused.what()).find("unknown profile \"smokee\"; the profiles are"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace tailrace::control
