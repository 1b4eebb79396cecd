// SPDX-License-Identifier: MIT
// What a file cell is held to: each fault and each gate is seen closing on a result that deserves
// it.
#include "harness/campaign/file_check.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tailrace::campaign {
namespace {

using nlohmann::json;

point point_of(const char* cache) {
  point work;
  work.kind = point_kind::file;
  work.options = {{"cache", cache}, {"block_bytes", "4096"}};
  return work;
}

json good_counts() {
  return {{"reads", 100},    {"read_bytes", 409'600}, {"short_reads", 0}, {"errors", 0},
          {"stamp_sum", 77}, {"expected_sum", 77},    {"whole_ns", 1000}, {"whole_cpu_ns", 900}};
}

load::histogram values(std::uint64_t count) {
  load::histogram made;
  made.record(1000, count);
  return made;
}

std::string faults(const json& counts, std::uint64_t noted = 100) {
  const load::histogram latency = values(noted);
  std::string all;
  for (const std::string& fault : file_faults(counts, &latency, point_of("warm")))
    all += fault + "\n";
  return all;
}

TEST(file_faults, a_good_result_has_none) {
  EXPECT_EQ(faults(good_counts()), "");
}

TEST(file_faults, each_lie_is_told) {
  for (const auto& [name, value, words] : std::vector<std::tuple<const char*, json, const char*>>{
           {"errors", 3, "3 reads were refused"},
           {"short_reads", 2, "2 reads gave less than a block"},
           {"stamp_sum", 76, "sum up to 76"},
           {"read_bytes", 409'599, "make 409599 bytes"},
           {"read_bytes", 409'600 * 2, "make 819200 bytes"},
           {"reads", 101, "holds 100 values of 101"},
           {"whole_ns", -1, "`whole_ns` is missing"},
           {"stamp_sum", "77", "`stamp_sum` is missing"}}) {
    json counts = good_counts();
    counts[name] = value;
    EXPECT_NE(faults(counts).find(words), std::string::npos) << name << ": " << faults(counts);
  }
  json nothing = good_counts();
  nothing["reads"] = nothing["read_bytes"] = 0;
  EXPECT_NE(faults(nothing, 0).find("nothing was read"), std::string::npos);
  EXPECT_NE(file_faults(good_counts(), nullptr, point_of("warm")).at(0).find("no histogram"),
            std::string::npos);
}

std::string missed(const char* cache, files::residency before, files::residency after,
                   std::int64_t device_read_bytes) {
  std::string names;
  for (const gate& each :
       file_gates(good_counts(), point_of(cache), {before, after, device_read_bytes}))
    if (!each.ok) names += each.name + " ";
  return names;
}

TEST(file_gates, close_where_the_reads_came_from_elsewhere) {
  const files::residency none{1000, 0, "cachestat"};
  const files::residency some{1000, 100, "cachestat"};
  const files::residency whole{1000, 1000, "cachestat"};
  EXPECT_EQ(missed("warm", whole, whole, 0), "");
  EXPECT_EQ(missed("warm", whole, some, 0), "file_resident ");
  EXPECT_EQ(missed("warm", whole, whole, 40'960), "file_from_cache ");
  EXPECT_EQ(missed("cold", none, some, 409'600), "");
  EXPECT_EQ(missed("cold", some, some, 409'600), "file_evicted ");
  EXPECT_EQ(missed("cold", none, some, 204'800), "file_from_device ");
  EXPECT_EQ(missed("cold", none, some, 819'200), "file_read_ahead ");
  EXPECT_EQ(missed("direct", none, none, 409'600), "");
  EXPECT_EQ(missed("direct", none, some, 409'600), "file_past_cache ");
  EXPECT_EQ(missed("direct", none, none, 0), "file_from_device ");
}

}  // namespace
}  // namespace tailrace::campaign
