// SPDX-License-Identifier: MIT
// What a file cell is held to: each fault and each validity check fails on a result that deserves
// it.
#include "harness/kinds/file_evidence.hpp"

#include <gtest/gtest.h>

namespace tailrace::kinds {
namespace {

session::count_map good_counts() {
  return {{"reads", 100},    {"read_bytes", 409'600}, {"short_reads", 0}, {"errors", 0},
          {"stamp_sum", 77}, {"expected_sum", 77},    {"whole_ns", 1000}, {"whole_cpu_ns", 900}};
}

session::result_event result_of(const session::count_map& counts, std::uint64_t noted = 100) {
  session::result_event result;
  result.counts = counts;
  if (noted != 0) result.histograms["read_ns"].record(1000, noted);
  return result;
}

std::string faults(const session::result_event& result) {
  std::string all;
  for (const std::string& fault : file_faults(result, 4096))
    all += fault + "\n";
  return all;
}

TEST(file_faults, a_good_result_has_none) {
  EXPECT_EQ(faults(result_of(good_counts())), "");
}

TEST(file_faults, each_lie_is_found) {
  for (const auto& [name, value, words] :
       std::vector<std::tuple<const char*, std::int64_t, const char*>>{
           {"errors", 3, "3 reads were refused"},
           {"short_reads", 2, "2 reads gave less than a block"},
           {"stamp_sum", 76, "sum up to 76"},
           {"read_bytes", 409'599, "make 409599 bytes"},
           {"read_bytes", 409'600 * 2, "make 819200 bytes"},
           {"reads", 101, "holds 100 values of 101"}}) {
    session::count_map counts = good_counts();
    counts[name] = value;
    const std::string found = faults(result_of(counts));
    EXPECT_NE(found.find(words), std::string::npos) << name << ": " << found;
  }
  session::count_map nothing = good_counts();
  nothing["reads"] = nothing["read_bytes"] = 0;
  EXPECT_NE(faults(result_of(nothing, 0)).find("nothing was read"), std::string::npos);
  EXPECT_NE(faults(result_of(good_counts(), 0)).find("no histogram"), std::string::npos);
  session::count_map less = good_counts();
  less.erase("whole_ns");
  EXPECT_EQ(faults(result_of(less)), "the target's count `whole_ns` is missing\n");
}

std::string failed(const char* cache, files::residency before, files::residency after,
                   std::int64_t device_read_bytes) {
  std::string names;
  for (const campaign::validity_check& each :
       file_checks(cache, 409'600, {before, after, device_read_bytes})) {
    EXPECT_NO_THROW(campaign::spoiled_by(each.name));
    if (!each.ok) names += each.name + " ";
  }
  return names;
}

TEST(file_checks, fail_where_the_reads_came_from_elsewhere) {
  const files::residency none{1000, 0, "cachestat"};
  const files::residency some{1000, 100, "cachestat"};
  const files::residency whole{1000, 1000, "cachestat"};
  EXPECT_EQ(failed("warm", whole, whole, 0), "");
  EXPECT_EQ(failed("warm", whole, some, 0), "file_resident ");
  EXPECT_EQ(failed("warm", whole, whole, 40'960), "file_from_cache ");
  EXPECT_EQ(failed("cold", none, some, 409'600), "");
  EXPECT_EQ(failed("cold", some, some, 409'600), "file_evicted ");
  EXPECT_EQ(failed("cold", none, some, 204'800), "file_from_device ");
  EXPECT_EQ(failed("cold", none, some, 819'200), "file_read_ahead ");
  EXPECT_EQ(failed("direct", none, none, 409'600), "");
  EXPECT_EQ(failed("direct", none, some, 409'600), "file_past_cache ");
  EXPECT_EQ(failed("direct", none, none, 0), "file_from_device ");
}

}  // namespace
}  // namespace tailrace::kinds
