// SPDX-License-Identifier: MIT
// What is read from `describe`, what is refused there, and which options the harness lets through.
#include "harness/session/description.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "harness/record/refusal.hpp"

namespace tailrace::session {
namespace {

using nlohmann::json;

json sound() {
  return {{"protocol", 2},
          {"id", "local"},
          {"family", "in-house"},
          {"order", 30},
          {"language", "C++23"},
          {"summary", "one thread"},
          {"versions", {{"tailrace", "0.2.0"}}},
          {"backend", "epoll"},
          {"timer_granularity_ns", 1},
          {"workloads", {"echo", "idle", "timer"}},
          {"in_process", {"timer"}},
          {"options",
           {{{"name", "trigger"},
             {"default", "edge"},
             {"values", {"edge", "level"}},
             {"help", "how epoll reports"}},
            {{"name", "tasks"},
             {"default", "0"},
             {"values", "integer 0..1000"},
             {"help", "tasks that sleep"},
             {"workloads", {"idle", "timer"}}},
            {{"name", "file"}, {"default", ""}, {"values", "text"}, {"workloads", {"timer"}}}}},
          {"forms", {{"best", {{"trigger", "level"}}}, {"default", json::object()}}},
          {"needs", {{"kernel", "2.6.27"}}},
          {"available", true}};
}

std::string refused(const std::function<void()>& act) {
  try {
    act();
  } catch (const refusal& why) {
    return why.what();
  }
  return "";
}

std::string refused_with(const std::string& pointer, const json& value) {
  json object = sound();
  object[json::json_pointer(pointer)] = value;
  return refused([&object] { read_description(object); });
}

TEST(description, is_read_as_it_was_said) {
  const description read = read_description(sound());
  EXPECT_EQ(read.id, "local");
  EXPECT_EQ(read.order, 30);
  EXPECT_EQ(read.timer_granularity_ns, 1);
  EXPECT_FALSE(read.own_allocator);
  EXPECT_EQ(read.forms.at("best").at("trigger"), "level");
  EXPECT_EQ(read.needs.at("kernel"), "2.6.27");
  EXPECT_TRUE(read.has_workload("idle"));
  EXPECT_FALSE(read.has_workload("file-read"));
  ASSERT_NE(read.option("idle", "tasks"), nullptr);
  EXPECT_EQ(read.option("idle", "tasks")->high, 1000);
  EXPECT_EQ(read.option("echo", "tasks"), nullptr);
  EXPECT_TRUE(read.available);
  EXPECT_EQ(json::parse(read.text), sound());
}

TEST(description, allocator_of_its_own_is_told) {
  json object = sound();
  object["allocator"] = "own";
  EXPECT_TRUE(read_description(object).own_allocator);
}

TEST(description, unavailable_one_says_why) {
  json object = sound();
  object["available"] = false;
  EXPECT_EQ(refused([&] { read_description(object); }), "`describe`: lacks `cause`");
  object["cause"] = "the kernel is too old";
  object["remedy"] = "use Linux 6.1";
  EXPECT_EQ(read_description(object).remedy, "use Linux 6.1");
}

TEST(description, each_breach_is_one_sentence) {
  EXPECT_EQ(refused([] { read_description(json::array()); }),
            "`describe`: printed what is not a JSON object");
  EXPECT_EQ(refused_with("/protocol", 1),
            "`describe`: speaks version 1 of the target protocol, not 2");
  EXPECT_EQ(refused_with("/id", ""), "`describe`: `id` is empty");
  EXPECT_EQ(refused_with("/family", "home"),
            "`describe`: `family` is one of in-house, library, os, floor, peer, not \"home\"");
  EXPECT_EQ(refused_with("/order", "30"), "`describe`: `order` is no integer of 0 or more");
  EXPECT_EQ(refused_with("/summary", std::string(2001, 'x')),
            "`describe`: `summary` is longer than 2000 bytes");
  EXPECT_EQ(refused_with("/workloads", json::array()), "`describe`: there is no workload");
  EXPECT_EQ(refused_with("/workloads", json(257, "echo")),
            "`describe`: `workloads` has more than 256 items");
  EXPECT_EQ(refused_with("/in_process/0", "file-read"),
            "`describe`: \"file-read\" of `in_process` is no workload of it");
  EXPECT_EQ(refused_with("/timer_granularity_ns", 0),
            "`describe`: `timer_granularity_ns` is no integer of 1 or more");
  EXPECT_EQ(refused_with("/one_worker", ""), "`describe`: `one_worker` is a sentence or left out");
  EXPECT_EQ(refused_with("/one_worker", 1), "`describe`: `one_worker` is not a string");
  EXPECT_EQ(refused_with("/allocator", "mine"), "`describe`: `allocator` is `own` or left out");
  EXPECT_EQ(refused_with("/options/0/default", "both"),
            "`describe`: the default of option \"trigger\" is not among its values");
  EXPECT_EQ(refused_with("/options/1/values", "integer 9..0"),
            "`describe`: `values` of option \"tasks\" is neither a list, \"text\" nor "
            "\"integer LOW..HIGH\"");
  EXPECT_EQ(refused_with("/options/1/name", "trigger"),
            "`describe`: option \"trigger\" is there twice");
  EXPECT_EQ(refused_with("/options/1/workloads/0", "file-read"),
            "`describe`: option \"tasks\" belongs to \"file-read\", which is no workload of it");
  EXPECT_EQ(refused_with("/forms/best/trigger", "both"),
            "`describe`: form \"best\": option trigger is one of edge, level, not \"both\"");
  EXPECT_EQ(refused_with("/forms/best/colour", "red"),
            "`describe`: form \"best\" sets no known option");
  EXPECT_EQ(refused_with("/forms", {{"best", json::object()}}),
            "`describe`: there is no form `default`");
  EXPECT_EQ(refused_with("/available", "yes"), "`describe`: `available` is neither true nor false");
}

TEST(options_of, makes_every_default_explicit) {
  const description target = read_description(sound());
  EXPECT_EQ(options_of(target, "echo", {}), (option_map{{"trigger", "edge"}}));
  EXPECT_EQ(options_of(target, "timer", {{"tasks", "7"}}),
            (option_map{{"file", ""}, {"tasks", "7"}, {"trigger", "edge"}}));
}

TEST(options_of, refuses_what_describe_does_not_allow) {
  const description target = read_description(sound());
  const auto wrong = [&target](const std::string& workload, const option_map& given) {
    return refused([&] { options_of(target, workload, given); });
  };
  EXPECT_EQ(wrong("file-read", {}),
            "local has no workload \"file-read\": it has echo, idle, timer");
  EXPECT_EQ(wrong("echo", {{"tasks", "1"}}),
            "workload echo of local has no option \"tasks\": it has trigger");
  EXPECT_EQ(wrong("idle", {{"tasks", "1001"}}),
            "local: option tasks is an integer from 0 to 1000, not \"1001\"");
  for (const char* value : {"", "-1", "1x", " 1", "0x1", "99999999999999999999"})
    EXPECT_NE(wrong("idle", {{"tasks", value}}), "") << value;
  EXPECT_EQ(wrong("echo", {{"trigger", "both\n"}}),
            "local: option trigger is one of edge, level, not \"both?\"");
  EXPECT_EQ(wrong("timer", {{"file", "any text = really"}}), "");
}

TEST(describe_target, reads_a_program_and_refuses_what_is_none) {
  EXPECT_THROW(describe_target("/bin/ls"), refusal);
  EXPECT_THROW(describe_target("/bin/true"), refusal);
  EXPECT_EQ(describe_target(TAILRACE_FAKE_TARGET).id, "fake");
}

}  // namespace
}  // namespace tailrace::session
