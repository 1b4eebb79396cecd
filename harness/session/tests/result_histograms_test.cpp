// SPDX-License-Identifier: MIT
// Sparse pairs of a target become histograms, or one sentence.
#include "harness/session/result_histograms.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/record/refusal.hpp"

namespace tailrace::session {
namespace {

using nlohmann::json;

std::string refused(const std::string& text) {
  try {
    read_histograms(json::parse(text));
  } catch (const refusal& why) {
    return why.what();
  }
  return "";
}

TEST(result_histograms, pairs_are_counted_at_their_values) {
  const auto read = read_histograms(json::parse(R"({"a_ns":[[0,1],[999,2],[2000000,3]],"b":[]})"));
  EXPECT_EQ(read.at("a_ns").count(), 6U);
  EXPECT_EQ(read.at("a_ns").min(), 0);
  EXPECT_EQ(read.at("a_ns").max(), 2'000'000);
  EXPECT_EQ(read.at("a_ns").quantile(0.5), 999);
  EXPECT_EQ(read.at("b").count(), 0U);
}

TEST(result_histograms, each_breach_is_one_sentence) {
  const std::string begin = "the histogram `a` of the target's `result` ";
  EXPECT_EQ(refused("[]"), "the target's `histograms` is not an object");
  EXPECT_EQ(refused(R"({"a":"HISTFAAA"})"), begin + "is not a list of pairs");
  EXPECT_EQ(refused(R"({"a":[[1,2],[3]]})"), begin + "has no pair at 1");
  EXPECT_EQ(refused(R"({"a":[[1,2.5]]})"), begin + "has no two integers at 0");
  EXPECT_EQ(refused(R"({"a":[[1,2],[18446744073709551615,1]]})"),
            begin + "has no two integers at 1");
  EXPECT_EQ(refused(R"({"a":[[1,2],[1,2]]})"), begin + "is not ascending from 0 at 1");
  EXPECT_EQ(refused(R"({"a":[[-1,2]]})"), begin + "is not ascending from 0 at 0");
  EXPECT_EQ(refused(R"({"a":[[1,0]]})"), begin + "has no count from 1 to 230584300921369 at 0");
  EXPECT_EQ(refused(R"({"../a":[]})"),
            "the target's `result` names a histogram \"../a\": use at most 40 of a-z, 0-9 and _");
}

TEST(result_histograms, are_bounded) {
  json many = json::array();
  for (std::size_t i = 0; i <= histogram_pairs_max; ++i)
    many.push_back({i, 1});
  EXPECT_EQ(refused(json{{"a", many}}.dump()),
            "the histogram `a` of the target's `result` has 40001 pairs, more than 40000");
  many.erase(many.size() - 1);
  EXPECT_EQ(refused(json{{"a", many}}.dump()), "");
  json names;
  for (int i = 0; i < 17; ++i)
    names["h" + std::to_string(i)] = json::array();
  EXPECT_EQ(refused(names.dump()), "the target's `result` has 17 histograms, more than 16");
}

}  // namespace
}  // namespace tailrace::session
