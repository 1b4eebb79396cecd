// SPDX-License-Identifier: MIT
// What a manifest says of the tree that was built, whatever is in the file beside the executables.
#include "harness/campaign/built_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace tailrace::campaign {
namespace {

using nlohmann::json;

json told_by(const std::string& text) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "built_tree";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "tree.json") << text;
  return built_tree(folder.string());
}

TEST(built_tree, says_commit_and_whether_the_tree_differed) {
  EXPECT_EQ(told_by(R"({"commit": "0af1", "dirty": true})"),
            json::parse(R"({"commit": "0af1", "dirty": true})"));
}

TEST(built_tree, is_null_with_the_cause_where_git_did_not_tell) {
  EXPECT_EQ(told_by(R"({"commit": null, "commit_cause": "no git"})"),
            json::parse(R"({"commit": null, "commit_cause": "no git"})"));
}

TEST(built_tree, is_null_where_the_file_is_absent_or_something_else) {
  for (const std::string text : {"", "[]", "{\"commit\": 3}", "{\"commit\": \"0af1\"}", "[[[[{"}) {
    const json told = told_by(text);
    EXPECT_TRUE(told.at("commit").is_null()) << text;
    EXPECT_FALSE(told.at("commit_cause").get<std::string>().empty());
  }
  EXPECT_TRUE(built_tree("/nonexistent").at("commit").is_null());
}

}  // namespace
}  // namespace tailrace::campaign
