// SPDX-License-Identifier: MIT
#include "harness/targets/target_command_line.hpp"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

target_description example() {
  target_description description{
      .id = "example",
      .family = "floor",
      .summary = "an example",
      .backend = "epoll",
      .workloads = {"echo", "idle"},
      .options = {choice_option("trigger", "edge", {"edge", "level"}, ""),
                  integer_option("batch", 64, 1, 4096, ""),
                  integer_option("tasks", 0, 0, 1000, "")}};
  description.options.back().workloads = {"idle"};
  return description;
}

std::expected<command_line, std::string> parse(std::vector<const char*> words,
                                               const target_description& description = example()) {
  words.insert(words.begin(), "tailrace-target-example");
  return parse_command_line(static_cast<int>(words.size()), words.data(), description);
}

std::string refusal_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  return parsed ? "" : parsed.error();
}

TEST(target_command_line, fills_in_the_defaults) {
  const command_line parsed = parse({"run", "--workload", "echo"}).value();
  ASSERT_EQ(parsed.what, command_line::verb::run);
  EXPECT_EQ(parsed.request.workload, "echo");
  EXPECT_EQ(parsed.request.workers, 1);
  EXPECT_EQ(parsed.request.host, "0.0.0.0");
  EXPECT_EQ(parsed.request.port, 0);
  EXPECT_EQ(parsed.request.options.text("trigger"), "edge");
  EXPECT_EQ(parsed.request.options.integer("batch"), 64);
  EXPECT_FALSE(parsed.request.options.has("tasks"));  // belongs to idle alone
}

TEST(target_command_line, takes_what_is_given) {
  const command_line parsed =
      parse({"run", "--workload", "idle", "--workers", "2", "--host", "127.0.0.1", "--port", "4242",
             "--set", "trigger=level", "--set", "tasks=1000"})
          .value();
  ASSERT_EQ(parsed.what, command_line::verb::run);
  EXPECT_EQ(parsed.request.workers, 2);
  EXPECT_EQ(parsed.request.port, 4242);
  EXPECT_EQ(parsed.request.options.text("trigger"), "level");
  EXPECT_EQ(parsed.request.options.integer("tasks"), 1000);
}

TEST(target_command_line, recognises_describe_and_help) {
  EXPECT_EQ(parse({"describe"}).value().what, command_line::verb::describe);
  EXPECT_EQ(parse({"--help"}).value().what, command_line::verb::help);
  EXPECT_EQ(parse({"run", "--help"}).value().what, command_line::verb::help);
}

TEST(target_command_line, refuses_what_it_does_not_understand_with_one_sentence) {
  const std::vector<std::vector<const char*>> cases = {
      {},
      {"fly"},
      {"describe", "--loud"},
      {"run"},
      {"run", "--workload"},
      {"run", "--workload", "fly"},
      {"run", "--workload", "echo", "--speed", "9"},
      {"run", "--workload", "echo", "--cpus", "0"},
      {"run", "--workload", "echo", "stray"},
      {"run", "--workload", "echo", "--workers", "0"},
      {"run", "--workload", "echo", "--workers", "-1"},
      {"run", "--workload", "echo", "--workers", "99999999999"},
      {"run", "--workload", "echo", "--workers", "two"},
      {"run", "--workload", "echo", "--port", "65536"},
      {"run", "--workload", "echo", "--port", "-1"},
      {"run", "--workload", "echo", "--host", "localhost"},
      {"run", "--workload", "echo", "--host", "::1"},
      {"run", "--workload", "echo", "--set", "trigger"},
      {"run", "--workload", "echo", "--set", "trigger=diagonal"},
      {"run", "--workload", "echo", "--set", "trigger="},
      {"run", "--workload", "echo", "--set", "speed=9"},
      {"run", "--workload", "echo", "--set", "batch=12x"},
      {"run", "--workload", "echo", "--set", "batch=99999999999999999999"},
      {"run", "--workload", "echo", "--set", "tasks=5"},
  };
  for (const auto& words : cases) {
    std::string shown;
    for (const char* word : words)
      shown += std::string(word) + " ";
    const std::string sentence = refusal_of(words);
    EXPECT_FALSE(sentence.empty()) << shown;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << shown << sentence;
  }
}

TEST(target_command_line, quotes_no_control_characters_and_no_endless_text) {
  const std::string much = "a\nb" + std::string(1000, 'x');
  const std::string sentence = refusal_of({"run", "--workload", much.c_str()});
  EXPECT_EQ(sentence.find('\n'), std::string::npos);
  EXPECT_LT(sentence.size(), 200U);
}

TEST(target_command_line, names_what_would_be_allowed) {
  const auto says = [](const std::vector<const char*>& words, const char* what) {
    return refusal_of(words).find(what) != std::string::npos;
  };
  EXPECT_TRUE(says({"run", "--workload", "fly"}, "echo, idle"));
  EXPECT_TRUE(says({"run", "--workload", "echo", "--set", "trigger=x"}, "edge, level"));
  EXPECT_TRUE(says({"run", "--workload", "echo", "--set", "batch=x"}, "integer 1..4096"));
  EXPECT_TRUE(says({"run", "--workload", "echo", "--set", "tasks=1"}, "trigger, batch"));
}

TEST(target_command_line, refuses_options_that_do_not_go_together) {
  target_description description = example();
  description.objection = [](const run_request& request) {
    const bool odd =
        request.options.text("trigger") == "level" && request.options.integer("batch") == 1;
    return odd ? std::string("trigger=level takes a batch of 2 or more") : std::string();
  };
  EXPECT_TRUE(parse({"run", "--workload", "echo", "--set", "trigger=level"}, description));
  const auto refused = parse(
      {"run", "--workload", "echo", "--set", "trigger=level", "--set", "batch=1"}, description);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "trigger=level takes a batch of 2 or more");
}

}  // namespace
}  // namespace tailrace
