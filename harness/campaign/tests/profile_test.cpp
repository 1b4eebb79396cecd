// SPDX-License-Identifier: MIT
// Every bad profile gets one sentence with file and line.
#include "harness/campaign/profile.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/kinds/registry.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

std::string sentence(const std::string& text) {
  try {
    parse_profile(text, "p.toml", kinds::all());
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
    EXPECT_EQ(load_profile(name, kinds::all()).name, name);
}

TEST(profile, malformed_toml_names_the_line) {
  EXPECT_EQ(sentence("blocks = 1\nblocks = = 2\n").substr(0, 9), "p.toml:2:");
}

TEST(profile, unknown_key_names_the_allowed_ones) {
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconections = 3\n"),
            "p.toml:4: unknown key \"conections\" in a closed point; the keys are id, kind, "
            "workload, blocks, workers, forms, connections, message_bytes, engine, warmup_s, "
            "duration_s, slice_s, settle_s, keep_awake, scheduling, neighbour_us, neighbour_per_s, "
            "depth");
  EXPECT_EQ(sentence("bloks = 1\n" + head + "kind = \"closed\"\n").substr(0, 44),
            "p.toml:1: unknown key \"bloks\" in the profile");
}

TEST(profile, bad_values_name_the_range) {
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconnections = 0\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nconnections = \"x\"\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nduration_s = nan\n"),
            "p.toml:4: duration_s must be a number from 0.05 to 3600");
  std::string kinds;
  for (const kind& each : kinds::all())
    kinds += (kinds.empty() ? "" : ", ") + std::string(each.name);
  EXPECT_EQ(sentence(head + "kind = \"clsed\"\n"),
            "p.toml:3: kind = \"clsed\" is not one of " + kinds);
  EXPECT_EQ(sentence("blocks = 0\n" + head + "kind = \"closed\"\n"),
            "p.toml:1: blocks must be a whole number from 1 to 1000");
}

TEST(profile, looks_are_growing_generations_and_have_minutes) {
  const std::string point = head + "kind = \"closed\"\n";
  const profile read =
      parse_profile("looks = [8, 16]\nat_most_minutes = 30\n" + point, "p.toml", kinds::all());
  EXPECT_EQ(read.blocks, 8);
  EXPECT_EQ(read.looks.at, (std::vector<int>{8, 16}));
  EXPECT_EQ(read.looks.at_most_minutes, 30);
  EXPECT_TRUE(parse_profile(point, "p.toml", kinds::all()).looks.at.empty());
  EXPECT_EQ(sentence("looks = [6, 12]\nat_most_minutes = 30\n" + point),
            "p.toml:1: looks must be a list of whole numbers from 8 to 80");
  for (const char* const wrong : {"[16, 8]", "[8, 8]"}) {
    EXPECT_EQ(sentence(std::string("looks = ") + wrong + "\nat_most_minutes = 30\n" + point),
              "p.toml:1: looks must be growing numbers of generations from 8 to 80, such as 8, 16 "
              "and 32");
  }
  EXPECT_EQ(sentence("looks = [8, 16]\n" + point),
            "p.toml:1: looks need minutes at most, a whole number from 1 to 10000");
  EXPECT_EQ(sentence("at_most_minutes = 30\n" + point),
            "p.toml:1: minutes at most are for a campaign with looks, such as 8, 16 and 32 "
            "generations");
  EXPECT_EQ(sentence("blocks = 9\nlooks = [8, 16]\nat_most_minutes = 30\n" + point),
            "p.toml:1: blocks = 9, but the first look is at 8: leave blocks out");
}

TEST(profile, engine_and_times_are_said_once_for_all_points) {
  const profile read = parse_profile(
      "engine = \"uring\"\nduration_s = 3.5\n" + head +
          "kind = \"closed\"\n[[point]]\nkind = \"skew\"\nrate_per_s = 9\nduration_s = 1\n",
      "p.toml", kinds::all());
  EXPECT_EQ(point_json(read.points[0]).at("engine"), "uring");
  EXPECT_EQ(point_json(read.points[1]).at("engine"), "uring");
  EXPECT_EQ(point_json(read.points[0]).at("duration_s"), 3.5);
  EXPECT_EQ(point_json(read.points[1]).at("duration_s"), 1);
  EXPECT_EQ(sentence("engine = \"poll\"\n" + head + "kind = \"closed\"\n"),
            "p.toml:1: engine = \"poll\" is not one of epoll, uring");
}

std::string ids_of(const profile& read) {
  std::string ids;
  for (const point& at : read.points)
    ids += at.id + " ";
  return ids;
}

TEST(profile, an_extending_one_overrides_what_it_names) {
  const profile base = load_profile("floor", kinds::all());
  const profile read = parse_profile(
      "extends = \"floor\"\nblocks = 2\nduration_s = 0.5\n"
      "points = [\"closed-1x64\", \"closed-50x64\"]\n"
      "[form.local]\noneshot = { register = \"oneshot\" }\n"
      "[[point]]\nid = \"closed-50x64\"\nforms = [\"best\", \"oneshot\"]\nduration_s = 9\n"
      "[[point]]\nkind = \"open\"\nrate_per_s = 7\n",
      "short.toml", kinds::all());
  EXPECT_EQ(read.name, "short");
  EXPECT_EQ(read.blocks, 2);
  EXPECT_EQ(read.contestants, base.contestants);
  EXPECT_EQ(ids_of(read), "closed-1x64 closed-50x64 open-50x64-7 ");
  EXPECT_EQ(read.points[1].forms, (std::vector<std::string>{"best", "oneshot"}));
  EXPECT_EQ(point_json(read.points[1]).at("duration_s"), 9);
  EXPECT_EQ(point_json(read.points[1]).at("warmup_s"), point_json(base.points[1]).at("warmup_s"));
  EXPECT_EQ(point_json(read.points[2]).at("duration_s"), 0.5);
  ASSERT_EQ(read.own_forms.size(), 1U);
}

TEST(profile, what_cannot_be_extended_is_refused) {
  EXPECT_EQ(sentence("extends = \"floor\"\npoints = [\"closed-2x64\"]\n"),
            "p.toml:2: floor has no point \"closed-2x64\"");
  EXPECT_EQ(sentence("extends = \"epoll-vs-uring-short\"\n"),
            "p.toml:1: epoll-vs-uring-short extends another profile itself");
  EXPECT_NE(sentence("extends = \"nothing\"\n").find("unknown profile"), std::string::npos);
  EXPECT_EQ(sentence("extends = \"floor\"\n[[point]]\nid = \"closed-1x64\"\nconnections = 0\n"),
            "p.toml:4: connections must be a whole number from 1 to 100000");
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
    load_profile("smokee", kinds::all());
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_NE(std::string(refused.what()).find("unknown profile \"smokee\"; the profiles are"),
              std::string::npos);
  }
}

TEST(profile, own_forms_are_checked) {
  const auto refused = [](const std::string& forms) {
    return sentence("contestants = [\"a\"]\n" + forms + "[[point]]\nkind = \"closed\"\n");
  };
  EXPECT_EQ(refused("[form.b]\nx = { n = \"1\" }\n"),
            "p.toml:2: [form.b] names none of the contestants: a");
  EXPECT_EQ(
      refused("[form.a]\nbest = { n = \"1\" }\n"),
      "p.toml:3: \"best\" is no name for a form: small letters, digits, '-' and '.', not best, "
      "default, twin or control");
  EXPECT_EQ(refused("twin = \"b\"\n"), "p.toml:2: twin = \"b\" is none of the contestants");
  EXPECT_EQ(refused("[form.a]\nx = {}\n"), "p.toml:3: x must be { option = \"value\", ... }");
  EXPECT_EQ(refused("[form.a]\nx = { n = 1 }\n"), "p.toml:3: option values are strings in quotes");
}

}  // namespace
}  // namespace tailrace::campaign
