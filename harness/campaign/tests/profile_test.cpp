// SPDX-License-Identifier: MIT
// Every bad profile gets one sentence with file and line.
#include "harness/campaign/profile.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
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
            "workers, blocks, forms");
}

TEST(profile, bad_values_name_the_range) {
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconnections = 0\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconnections = \"x\"\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nduration_s = nan\n"),
            "p.toml:4: duration_s must be a number from 0.1 to 3600");
  EXPECT_EQ(sentence(head + "kind = \"clsed\"\n"),
            "p.toml:3: kind = \"clsed\" is not one of open, closed, memory, task_memory, hog, "
            "skew, timer, file");
  EXPECT_EQ(sentence("blocks = 0\n" + head + "kind = \"closed\"\n"),
            "p.toml:1: blocks must be a whole number from 1 to 1000");
}

TEST(profile, engine_is_the_profiles_and_goes_to_every_point) {
  EXPECT_EQ(parse_profile(head + "kind = \"closed\"\n", "p.toml").points[0].engine, "epoll");
  const profile read =
      parse_profile("engine = \"uring\"\n" + head +
                        "kind = \"closed\"\n[[point]]\nkind = \"skew\"\nrate_per_s = 9\n",
                    "p.toml");
  for (const point& work : read.points) {
    EXPECT_EQ(work.engine, "uring");
    EXPECT_EQ(point_from_json(point_json(work)).engine, "uring");
  }
  EXPECT_EQ(sentence("engine = \"poll\"\n" + head + "kind = \"closed\"\n"),
            "p.toml:1: engine = \"poll\" is not one of epoll, uring");
}

TEST(profile, open_point_needs_a_rate_and_a_closed_one_has_none) {
  EXPECT_EQ(sentence(head + "kind = \"open\"\n"),
            "p.toml:3: an open point needs rate_per_s, a number from 1 to 1e+08");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nrate_per_s = 5\n"),
            "p.toml:4: a closed point has no rate_per_s: it is as fast as it can");
}

const std::string hog = head + "kind = \"hog\"\n";
const std::string skew = head + "kind = \"skew\"\n";

TEST(profile, hog_point_is_read_whole) {
  const std::string text = hog +
                           "rate_per_s = 5000\nhog_rate_per_s = 20.5\nburn_us = 3000\n"
                           "workers = 2\nhog_every = 5\nconnections = 40\n";
  const point work = parse_profile(text, "p.toml").points.front();
  EXPECT_EQ(work.workload, "hog");
  EXPECT_EQ(work.id, "hog-40x64-5000-3000us");
  EXPECT_EQ(work.workers, 2);
  EXPECT_EQ(work.hog_rate_per_s, 20.5);
  EXPECT_EQ(workload_options(work),
            (std::map<std::string, std::string>{
                {"burn_us", "3000"}, {"hog_every", "5"}, {"message_bytes", "64"}}));
  EXPECT_EQ(point_json(point_from_json(point_json(work))), point_json(work));
}

TEST(profile, skew_point_gives_work_to_every_connection) {
  const std::string text = skew + "rate_per_s = 8000\nhot_connections = 3\n";
  const point work = parse_profile(text, "p.toml").points.front();
  EXPECT_EQ(work.hot_share, 0.8);
  EXPECT_EQ(work.burn_us, 50);
  EXPECT_EQ(workload_options(work).at("hog_every"), "1");
  EXPECT_EQ(point_json(point_from_json(point_json(work))), point_json(work));
}

TEST(profile, bad_hog_and_skew_points_are_one_sentence) {
  const std::string rates = "rate_per_s = 100\nhog_rate_per_s = 5\n";
  EXPECT_EQ(sentence(hog), "p.toml:3: a hog point needs rate_per_s, a number from 1 to 1e+08");
  EXPECT_EQ(
      sentence(hog + "rate_per_s = 100\n"),
      "p.toml:3: a hog point needs hog_rate_per_s, the rate of all hogs, a number from 0.1 to "
      "1e+06");
  EXPECT_EQ(sentence(hog + rates + "hog_every = 1\n"),
            "p.toml:6: hog_every must be a whole number from 2 to 1000000");
  EXPECT_EQ(sentence(hog + rates + "burn_us = 1000001\n"),
            "p.toml:6: burn_us must be a whole number from 0 to 1000000");
  for (const char* size : {"16", "65537"})
    EXPECT_EQ(sentence(hog + rates + "message_bytes = " + size + "\n"),
              "p.toml:6: message_bytes must be a whole number from 24 to 65536 at a hog point");
  EXPECT_EQ(sentence(hog + rates + "connections = 1\n"),
            "p.toml:6: a hog point needs two connections: a hog and another");
  EXPECT_EQ(sentence(hog + rates + "workers = 0\n"),
            "p.toml:6: workers must be a whole number from 1 to 1024");
  EXPECT_EQ(sentence(hog + rates + "hot_share = 0.5\n").substr(0, 26),
            "p.toml:6: unknown key \"hot");
  EXPECT_EQ(sentence(hog + rates + "workload = \"echo\"\n"),
            "p.toml:6: workload = \"echo\" is not one of hog");
  EXPECT_EQ(sentence(skew + "rate_per_s = 9\nhot_connections = 50\n"),
            "p.toml:5: hot_connections must leave at least one connection cold");
  EXPECT_EQ(sentence(skew + "rate_per_s = 9\nhot_share = 1.0\n"),
            "p.toml:5: hot_share must be a number from 0.001 to 0.999");
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

TEST(profile, own_forms_are_checked) {
  const std::string before = "contestants = [\"a\"]\n[[form]]\n";
  const std::string after = "[[point]]\nkind = \"closed\"\n";
  const auto refused = [&](const std::string& form) { return sentence(before + form + after); };
  EXPECT_EQ(refused("contestant = \"b\"\n"), "p.toml:3: a [[form]] needs a contestant, one of a");
  EXPECT_EQ(refused("contestant = \"a\"\nname = \"best\"\n"),
            "p.toml:4: a [[form]] needs a name of small letters, digits, '-' and '.', not best or "
            "default");
  EXPECT_EQ(refused("contestant = \"a\"\nname = \"x\"\n"),
            "p.toml:2: a [[form]] needs set = { option = \"value\", ... }");
  EXPECT_EQ(refused("contestant = \"a\"\nname = \"x\"\nset = { n = 1 }\n"),
            "p.toml:5: option values are strings in quotes");
  const std::string form = "contestant = \"a\"\nname = \"x\"\nset = { n = \"1\" }\n";
  EXPECT_EQ(refused(form + "[[form]]\n" + form), "p.toml:6: a has two forms \"x\"");
}

}  // namespace
}  // namespace tailrace::campaign
