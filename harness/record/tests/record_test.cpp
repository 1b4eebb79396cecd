// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/record/campaign.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"
#include "harness/record/schema.hpp"

namespace tailrace::record {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string first(const json& definition, const json& value) {
  const json schema = {{"$defs", {{"x", definition}}}};
  const auto found = schema_violations(schema, "x", value);
  return found.empty() ? "" : found.front();
}

TEST(schema, each_keyword_refuses_and_accepts) {
  EXPECT_EQ(first({{"type", "integer"}}, 3), "");
  EXPECT_EQ(first({{"type", "integer"}}, 3.5), "the value is 3.5, not \"integer\"");
  EXPECT_EQ(first({{"type", {"string", "null"}}}, nullptr), "");
  EXPECT_NE(first({{"type", {"string", "null"}}}, true), "");
  EXPECT_EQ(first({{"enum", {"a", "b"}}}, "c"), "the value is \"c\", not one of [\"a\",\"b\"]");
  EXPECT_EQ(first({{"const", 1}}, 2), "the value is 2, not 1");
  EXPECT_EQ(first({{"minimum", 0}}, -1), "the value is -1, below 0");
  EXPECT_EQ(first({{"maximum", 9}}, 10), "the value is 10, above 9");
  EXPECT_EQ(first({{"minItems", 2}}, json::array({1})), "the value has 1 items, fewer than 2");
  EXPECT_EQ(first({{"required", {"k"}}}, json::object()), "the value lacks the key k");
  const json strict = {{"properties", {{"k", {{"type", "null"}}}}},
                       {"additionalProperties", false}};
  EXPECT_EQ(first(strict, {{"k", nullptr}}), "");
  EXPECT_EQ(first(strict, {{"l", 1}}), "l is not a key of this format");
  EXPECT_EQ(first(strict, {{"k", 1}}), "k is 1, not \"null\"");
  const json numbers = {{"additionalProperties", {{"type", "number"}}}};
  EXPECT_EQ(first(numbers, {{"a", "x"}}), "a is \"x\", not \"number\"");
  const json list = {{"items", {{"$ref", "#/$defs/x"}}}, {"type", "array"}};
  EXPECT_EQ(first(list, json::array({json::array({1})})), "[0][0] is 1, not \"array\"");
}

TEST(schema, endless_nesting_is_refused) {
  json value = json::array();
  for (int i = 0; i < 200; ++i)
    value = json::array({value});
  EXPECT_NE(first({{"type", "array"}, {"items", {{"$ref", "#/$defs/x"}}}}, value), "");
}

TEST(schema, keyword_that_is_not_understood_is_found) {
  EXPECT_TRUE(unknown_keywords(results_schema()).empty());
  const json schema = {{"$defs", {{"x", {{"patternProperties", json::object()}}}}}};
  EXPECT_EQ(unknown_keywords(schema), std::vector<std::string>{"patternProperties"});
}

TEST(schema, another_version_is_one_sentence) {
  try {
    require_schema("plan", {{"schema", 2}}, "plan.json");
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_STREQ(refused.what(),
                 "plan.json has result format 2, and this program reads format 1: use the Tailrace "
                 "version that wrote it");
  }
}

class folder_test : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "tailrace-record-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(folder_test, torn_last_line_is_cut_off_before_the_next_is_appended) {
  const fs::path path = folder_ / "lines";
  std::ofstream(path) << "one\ntwo\nthr";
  line_file(path).append("four");
  EXPECT_EQ(read_whole(path, 100), "one\ntwo\nfour\n");
}

TEST_F(folder_test, whole_write_leaves_no_draft) {
  write_whole(folder_ / "a", "text");
  write_whole(folder_ / "a", "other");
  EXPECT_EQ(read_whole(folder_ / "a", 100), "other");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(folder_test, longer_file_than_expected_is_refused) {
  write_whole(folder_ / "a", std::string(101, 'x'));
  EXPECT_THROW(read_whole(folder_ / "a", 100), refusal);
}

TEST_F(folder_test, full_disk_is_one_sentence) {
  // Every write to /dev/full fails with ENOSPC.
  try {
    line_file("/dev/full").append("x");
    FAIL();
  } catch (const refusal& refused) {
    EXPECT_NE(std::string(refused.what()).find("/dev/full"), std::string::npos);
  }
}

TEST_F(folder_test, link_is_replaced) {
  replace_link(folder_ / "latest", "one");
  replace_link(folder_ / "latest", "two");
  EXPECT_EQ(fs::read_symlink(folder_ / "latest"), "two");
}

TEST(campaign_name, paths_and_hidden_names_are_refused) {
  EXPECT_TRUE(is_campaign_name("quick-20260101-000000"));
  for (const char* bad : {"", "..", "a/b", ".a", "latest", "a b"}) {
    EXPECT_FALSE(is_campaign_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace tailrace::record
