// SPDX-License-Identifier: MIT
// Every refusal is one sentence on standard error and exit code 2.
#include "harness/targets/target_command_line.hpp"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

target_description example() {
  target_description description;
  description.id = "example";
  description.family = "floor";
  description.summary = "an example";
  description.backend = "epoll";
  description.workloads = {"echo", "idle"};
  description.options = {choice_option("trigger", "edge", {"edge", "level"}, "how epoll tells"),
                         integer_option("batch", 64, 1, 4096, "events a call"),
                         tasks_option({"idle"}, 1000)};
  return description;
}

command_line parse(std::vector<const char*> words) {
  words.insert(words.begin(), "tailrace-target-example");
  return parse_command_line(static_cast<int>(words.size()), words.data(), example());
}

struct outcome {
  int exit_code;
  std::string text;
};

outcome refused(const std::vector<const char*>& words) {
  testing::internal::CaptureStderr();
  const command_line parsed = parse(words);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(parsed.what, command_line::verb::leave);
  return {parsed.exit_code, text};
}

TEST(target_command_line, fills_in_the_defaults) {
  const command_line parsed = parse({"run", "--workload", "echo"});
  ASSERT_EQ(parsed.what, command_line::verb::run);
  EXPECT_EQ(parsed.request.workload, "echo");
  EXPECT_EQ(parsed.request.workers, 1);
  EXPECT_TRUE(parsed.request.cpus.empty());
  EXPECT_EQ(parsed.request.host, "0.0.0.0");
  EXPECT_EQ(parsed.request.port, 0);
  EXPECT_EQ(parsed.request.options.text("trigger"), "edge");
  EXPECT_EQ(parsed.request.options.integer("batch"), 64);
  EXPECT_FALSE(parsed.request.options.has("tasks"));  // belongs to idle alone
}

TEST(target_command_line, takes_what_is_given) {
  const command_line parsed =
      parse({"run", "--workload", "idle", "--workers", "2", "--cpus", "0,2-3", "--host",
             "127.0.0.1", "--port", "4242", "--set", "trigger=level", "--set", "tasks=1000"});
  ASSERT_EQ(parsed.what, command_line::verb::run);
  EXPECT_EQ(parsed.request.workers, 2);
  EXPECT_EQ(parsed.request.cpus, (std::vector<int>{0, 2, 3}));
  EXPECT_EQ(parsed.request.port, 4242);
  EXPECT_EQ(parsed.request.options.text("trigger"), "level");
  EXPECT_EQ(parsed.request.options.integer("tasks"), 1000);
}

TEST(target_command_line, recognises_describe) {
  EXPECT_EQ(parse({"describe"}).what, command_line::verb::describe);
}

TEST(target_command_line, refuses_bad_usage_with_one_sentence_and_code_2) {
  const std::vector<std::vector<const char*>> cases = {
      {},
      {"fly"},
      {"describe", "--loud"},
      {"run"},
      {"run", "--workload"},
      {"run", "--workload", "fly"},
      {"run", "--workload", "echo", "--speed", "9"},
      {"run", "--workload", "echo", "stray"},
      {"run", "--workload", "echo", "--workers", "0"},
      {"run", "--workload", "echo", "--workers", "-1"},
      {"run", "--workload", "echo", "--workers", "99999999999"},
      {"run", "--workload", "echo", "--workers", "two"},
      {"run", "--workload", "echo", "--port", "65536"},
      {"run", "--workload", "echo", "--port", "-1"},
      {"run", "--workload", "echo", "--host", "localhost"},
      {"run", "--workload", "echo", "--host", "::1"},
      {"run", "--workload", "echo", "--cpus", "x"},
      {"run", "--workload", "echo", "--cpus", ""},
      {"run", "--workload", "echo", "--set", "trigger"},
      {"run", "--workload", "echo", "--set", "trigger=diagonal"},
      {"run", "--workload", "echo", "--set", "trigger="},
      {"run", "--workload", "echo", "--set", "speed=9"},
      {"run", "--workload", "echo", "--set", "batch=0"},
      {"run", "--workload", "echo", "--set", "batch=4097"},
      {"run", "--workload", "echo", "--set", "batch=12x"},
      {"run", "--workload", "echo", "--set", "batch=99999999999999999999"},
      {"run", "--workload", "echo", "--set", "batch=1", "--set", "batch=2"},
      {"run", "--workload", "echo", "--set", "tasks=5"},
  };
  for (const auto& words : cases) {
    std::string shown;
    for (const char* word : words)
      shown += std::string(word) + " ";
    const outcome seen = refused(words);
    EXPECT_EQ(seen.exit_code, 2) << shown;
    ASSERT_FALSE(seen.text.empty()) << shown;
    EXPECT_EQ(std::count(seen.text.begin(), seen.text.end(), '\n'), 1) << shown << seen.text;
    EXPECT_EQ(seen.text.rfind("tailrace-target-example: ", 0), 0U) << seen.text;
  }
}

TEST(target_command_line, names_what_would_be_allowed) {
  EXPECT_NE(refused({"run", "--workload", "fly"}).text.find("echo, idle"), std::string::npos);
  EXPECT_NE(refused({"run", "--workload", "echo", "--set", "trigger=x"}).text.find("edge, level"),
            std::string::npos);
  EXPECT_NE(refused({"run", "--workload", "echo", "--set", "batch=0"}).text.find("1 to 4096"),
            std::string::npos);
}

TEST(target_command_line, refuses_options_that_do_not_go_together) {
  target_description description = example();
  description.objection = [](const option_values& chosen) {
    const bool odd = chosen.text("trigger") == "level" && chosen.integer("batch") == 1;
    return odd ? std::string("trigger=level takes a batch of 2 or more") : std::string();
  };
  EXPECT_TRUE(resolve_options(description, "echo", {"trigger=level"}).has_value());
  const auto refused = resolve_options(description, "echo", {"trigger=level", "batch=1"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), "trigger=level takes a batch of 2 or more");
}

}  // namespace
}  // namespace tailrace
