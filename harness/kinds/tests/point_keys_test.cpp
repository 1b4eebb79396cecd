// SPDX-License-Identifier: MIT
// The keys of each kind in a profile: what is read, and the sentence for what cannot be.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/sliced_work.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

campaign::profile parsed(const std::string& text) {
  return campaign::parse_profile(text, "p.toml", all());
}

std::string sentence(const std::string& text) {
  try {
    parsed(text);
  } catch (const refusal& refused) {
    EXPECT_EQ(refused.exit_code(), 2);
    return refused.what();
  }
  return "";
}

const std::string head = "contestants = [\"local\"]\n[[point]]\n";
const std::string hog_head = head + "kind = \"hog\"\n";
const std::string skew_head = head + "kind = \"skew\"\n";

TEST(open_point, needs_a_rate_and_a_closed_one_has_none) {
  EXPECT_EQ(sentence(head + "kind = \"open\"\n"),
            "p.toml:2: an open point needs rate_per_s, a number from 1 to 100000000");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nrate_per_s = 5\n").substr(0, 52),
            "p.toml:4: unknown key \"rate_per_s\" in a closed point");
}

TEST(hog_point, is_read_whole) {
  const std::string text = hog_head +
                           "rate_per_s = 5000\nhog_rate_per_s = 20.5\nburn_us = 3000\n"
                           "workers = 2\nhog_every = 5\nconnections = 40\n";
  const campaign::point at = parsed(text).points.front();
  EXPECT_EQ(at.workload, "hog");
  EXPECT_EQ(at.id, "hog-40x64-5000-3000us");
  EXPECT_EQ(at.workers, 2);
  EXPECT_EQ(campaign::point_json(at).at("hog_rate_per_s"), 20.5);
  EXPECT_EQ(at.work->target_options(),
            (std::map<std::string, std::string>{
                {"burn_us", "3000"}, {"hog_every", "5"}, {"message_bytes", "64"}}));
  EXPECT_TRUE(at.work->needs_a_core_per_worker());
}

TEST(skew_point, gives_work_to_every_connection) {
  const std::string text = skew_head + "rate_per_s = 8000\nhot_connections = 3\n";
  const campaign::point at = parsed(text).points.front();
  EXPECT_EQ(campaign::point_json(at).at("hot_share"), 0.8);
  EXPECT_EQ(campaign::point_json(at).at("burn_us"), 50);
  EXPECT_EQ(at.work->target_options().at("hog_every"), "1");
}

TEST(hog_point, bad_ones_are_one_sentence) {
  const std::string rates = "rate_per_s = 100\nhog_rate_per_s = 5\n";
  EXPECT_EQ(sentence(hog_head),
            "p.toml:2: a hog point needs rate_per_s, a number from 1 to 100000000");
  EXPECT_EQ(sentence(hog_head + "rate_per_s = 100\n"),
            "p.toml:2: a hog point needs hog_rate_per_s, a number from 0.1 to 1000000");
  EXPECT_EQ(sentence(hog_head + rates + "hog_every = 1\n"),
            "p.toml:6: hog_every must be a whole number from 2 to 1000000");
  EXPECT_EQ(sentence(hog_head + rates + "burn_us = 1000001\n"),
            "p.toml:6: burn_us must be a whole number from 0 to 1000000");
  for (const char* size : {"16", "65537"})
    EXPECT_EQ(sentence(hog_head + rates + "message_bytes = " + size + "\n"),
              "p.toml:6: message_bytes must be a whole number from 24 to 65536");
  EXPECT_EQ(sentence(hog_head + rates + "connections = 1\n"),
            "p.toml:6: a hog point needs two connections: a hog and another");
  EXPECT_EQ(sentence(hog_head + rates + "workers = 0\n"),
            "p.toml:6: workers must be a whole number from 1 to 1024");
  EXPECT_EQ(sentence(hog_head + rates + "hot_share = 0.5\n").substr(0, 26),
            "p.toml:6: unknown key \"hot");
  EXPECT_EQ(sentence(hog_head + rates + "workload = \"echo\"\n"),
            "p.toml:6: workload = \"echo\" is not one of hog");
}

TEST(skew_point, bad_ones_are_one_sentence) {
  EXPECT_EQ(sentence(skew_head + "rate_per_s = 9\nhot_connections = 50\n"),
            "p.toml:5: hot_connections must leave at least one connection cold");
  EXPECT_EQ(sentence(skew_head + "rate_per_s = 9\nhot_share = 1.0\n"),
            "p.toml:5: hot_share must be a number from 0.001 to 0.999");
}

TEST(points_under_load, in_fifo_have_an_id_of_their_own) {
  const campaign::profile read =
      parsed(head + "kind = \"open\"\nrate_per_s = 9\n" + "scheduling = \"fifo\"\n");
  EXPECT_EQ(read.points.front().id, "open-50x64-9-fifo");
  EXPECT_TRUE(read.points.front().work->sliced()->slices().fifo);
  EXPECT_EQ(campaign::point_json(read.points.front()).at("scheduling"), "fifo");
  EXPECT_EQ(sentence(head + "kind = \"closed\"\nscheduling = \"rr\"\n"),
            "p.toml:4: scheduling = \"rr\" is not one of other, fifo");
}

TEST(points_under_load, plant_a_neighbour_whole_or_not_at_all) {
  const std::string closed = head + "kind = \"closed\"\n";
  const campaign::point at =
      parsed(closed + "neighbour_us = 2000\nneighbour_per_s = 1.5\n").points.front();
  EXPECT_EQ(campaign::point_json(at).at("neighbour_per_s"), 1.5);
  const observe::neighbour_schedule planted = at.work->sliced()->slices().planted;
  EXPECT_EQ(planted, (observe::neighbour_schedule{.burn_ns = 2'000'000, .per_s = 1.5}));
  EXPECT_FALSE(parsed(closed).points.front().work->sliced()->slices().planted.is_planted());
  EXPECT_EQ(sentence(closed + "neighbour_us = 2000\n"),
            "p.toml:4: neighbour_us and neighbour_per_s belong together");
  EXPECT_EQ(sentence(closed + "neighbour_us = 2000\nneighbour_per_s = 451\n"),
            "p.toml:4: a neighbour may burn at most 90 % of a CPU");
}

TEST(memory_point, needs_zero_and_three_counts) {
  EXPECT_EQ(sentence(head + "kind = \"memory\"\ncounts = [0, 10]\n"),
            "p.toml:4: counts must be at least three different whole numbers, 0 among them");
}

TEST(memory_point, has_messages_that_the_load_generator_holds) {
  EXPECT_EQ(sentence(head + "kind = \"memory\"\ncounts = [0, 1, 2]\nmessage_bytes = 65537\n"),
            "p.toml:5: message_bytes must be a whole number from 1 to 65536");
}

TEST(blocked_memory_point, says_how_sockets_are_filled) {
  const auto at = campaign::point_json(parsed(head + "kind = \"blocked_memory\"\n").points.front());
  EXPECT_EQ(at.at("id"), "memory-blocked");
  EXPECT_EQ(at.at("counts"), nlohmann::json({0, 100, 200}));
  EXPECT_EQ(at.at("request_bytes"), 196608);
  EXPECT_EQ(at.at("receive_buffer_bytes"), 4096);
  EXPECT_EQ(at.at("segment_bytes"), 1460);
  EXPECT_EQ(sentence(head + "kind = \"blocked_memory\"\nrequest_bytes = 262145\n"),
            "p.toml:4: request_bytes must be a whole number from 4096 to 262144");
}

TEST(kinds, are_named_once) {
  std::set<std::string> names;
  for (const campaign::kind& each : all())
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
}

}  // namespace
}  // namespace tailrace::kinds
