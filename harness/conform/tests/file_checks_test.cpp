// SPDX-License-Identifier: MIT
// The checks of file-read: each is seen passing on a conforming target and failing on one that
// breaks what it checks (harness/tests/file_target.py).
#include <gtest/gtest.h>

#include "harness/conform/tests/conform_outcome.hpp"

namespace tailrace {
namespace {

class file_fault_caught : public testing::TestWithParam<fault_case> {};

TEST_P(file_fault_caught, by_its_check) {
  expect_caught(TAILRACE_FILE_TARGET, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    every, file_fault_caught,
    testing::Values(
        fault_case{"starts-by-itself", "file_reads_what_is_asked", "before `start`", "`result`"},
        fault_case{"starts-by-itself", "file_stops_before_start", "'reads'", "`result`"},
        fault_case{"loses-a-read", "file_reads_what_is_asked", "'reads' of the result is 299"},
        fault_case{"short-read", "file_reads_what_is_asked", "'short_reads'"},
        fault_case{"refused-read", "file_reads_what_is_asked", "'errors'"},
        fault_case{"wrong-sum", "file_reads_what_is_asked", "'stamp_sum'"},
        fault_case{"reads-in-order", "file_reads_what_is_asked", "'expected_sum'"},
        fault_case{"reads-nothing", "file_reads_what_is_asked", "'stamp_sum'"},
        fault_case{"lacks-a-count", "file_reads_what_is_asked", "lack 'whole_ns'"},
        fault_case{"no-histogram", "file_reads_what_is_asked", "no histogram"},
        fault_case{"goes-on", "file_reads_each_block_once", "within"},
        fault_case{"wrong-sum", "file_reads_past_the_cache", "'stamp_sum'"},
        fault_case{"makes-sums-up", "file_reports_what_it_found", "'stamp_sum'"},
        fault_case{"wrong-sum", "file_stops_in_the_middle", "'stamp_sum'"},
        fault_case{"ignores-stop", "file_stops_in_the_middle", "within"},
        fault_case{"outlives-input", "file_input_closed", "has not ended"},
        fault_case{"takes-anything", "file_refuses_bad_options", "is not 2", "goes on running"},
        fault_case{"names-no-file", "file_says_what_it_cannot_open", "does not name the file"},
        fault_case{"without-option", "file_refuses_bad_options", "'reads'"}));

TEST(conform_file_read, passes_a_conforming_target) {
  ::setenv("TAILRACE_FAULT", "none", 1);
  for (const char* name :
       {"file_reads_what_is_asked", "file_reads_each_block_once", "file_reports_what_it_found",
        "file_stops_in_the_middle", "file_stops_before_start", "file_input_closed",
        "file_refuses_bad_options", "file_says_what_it_cannot_open"}) {
    const outcome seen = conform({TAILRACE_FILE_TARGET, "--only", name, "--json"});
    EXPECT_EQ(check_named(seen.text, name)["status"], "ok") << seen.text;
  }
  // Skipped where the file system of temporary files has no O_DIRECT.
  const outcome direct =
      conform({TAILRACE_FILE_TARGET, "--only", "file_reads_past_the_cache", "--json"});
  EXPECT_NE(check_named(direct.text, "file_reads_past_the_cache")["status"], "failed")
      << direct.text;
}

}  // namespace
}  // namespace tailrace
