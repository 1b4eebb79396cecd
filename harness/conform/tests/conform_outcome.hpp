// SPDX-License-Identifier: MIT
// Runs `tailrace conform` inside of a test, and tells whether a fault of a target was caught by the
// check that is there for it. One thread: captures standard output, sets TAILRACE_FAULT.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "harness/conform/conform_main.hpp"

namespace tailrace {

using json = nlohmann::json;

struct outcome {
  int exit_code;
  std::string text;  // standard output
};

// Captures descriptors 1 and 2 by way of files.
inline outcome conform(std::vector<std::string> words) {
  words.insert(words.begin(), "conform");
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  testing::internal::CaptureStdout();
  const int code = conform_main(static_cast<int>(arguments.size()), arguments.data());
  return {code, testing::internal::GetCapturedStdout()};
}

inline json check_named(const std::string& text, const std::string& name) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return {{"status", "no JSON"}};
  for (const json& each : object["checks"]) {
    if (each["name"] == name) return each;
  }
  return {{"status", "absent"}};
}

struct fault_case {
  const char* fault;
  const char* check;
  const char* why;               // part of the reason given
  const char* or_why = nullptr;  // of another that is as right: which comes first is chance
};

inline void PrintTo(const fault_case& each, std::ostream* out) {
  *out << each.fault << " by " << each.check;
}

inline void expect_caught(const char* target, const fault_case& each) {
  ::setenv("TAILRACE_FAULT", each.fault, 1);
  const outcome seen =
      conform({target, "--only", each.check, "--json", "--patience-s", "2", "--timeout-s", "40"});
  const json check = check_named(seen.text, each.check);
  EXPECT_EQ(check["status"], "failed") << seen.text;
  const std::string why = check.value("why", "");
  EXPECT_TRUE(why.find(each.why) != std::string::npos ||
              (each.or_why != nullptr && why.find(each.or_why) != std::string::npos))
      << check;
  EXPECT_EQ(seen.exit_code, 1);
}

}  // namespace tailrace
