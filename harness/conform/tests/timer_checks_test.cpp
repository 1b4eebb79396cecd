// SPDX-License-Identifier: MIT
// The checks of in-process work: each is seen passing on a conforming target and failing on one
// that breaks what it checks (harness/tests/timer_target.py).
#include <gtest/gtest.h>

#include "harness/conform/tests/conform_outcome.hpp"

namespace tailrace {
namespace {

class timer_fault_caught : public testing::TestWithParam<fault_case> {};

TEST_P(timer_fault_caught, by_its_check) {
  expect_caught(TAILRACE_TIMER_TARGET, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    every, timer_fault_caught,
    testing::Values(
        fault_case{"has-an-address", "timer_fires_all", "names an address"},
        fault_case{"says-served", "timer_fires_all", "not in `in_process`"},
        fault_case{"starts-by-itself", "timer_fires_all", "before `start`"},
        fault_case{"starts-by-itself", "timer_stops_before_start", "'armed'"},
        fault_case{"loses-a-timer", "timer_fires_all", "'fired' of the result is 199"},
        fault_case{"loses-a-timer", "timer_fires_all_at_once", "'fired' of the result is 199"},
        fault_case{"wrong-sum", "timer_fires_all", "'deadline_sum_ns'"},
        fault_case{"lacks-a-count", "timer_fires_all", "lack 'wait_cpu_ns'"},
        fault_case{"wakes-early", "timer_fires_all", "'woken_early' of the result is 200"},
        fault_case{"no-histogram", "timer_fires_all", "no histogram"},
        fault_case{"garbage-histogram", "timer_fires_all", "not ascending"},
        fault_case{"short-histogram", "timer_fires_all", "holds 199 values"},
        fault_case{"exits-7", "timer_cancels_all", "exited with 7"},
        fault_case{"dies", "timer_fires_all", "before it answered with `result`"},
        fault_case{"hangs", "timer_fires_all", "within"},
        fault_case{"loses-a-timer", "timer_cancels_all", "\"fired\" is no integer"},
        fault_case{"wakes-early", "timer_stops_in_the_middle", "the event `result` where"},
        fault_case{"ignores-stop", "timer_stops_in_the_middle", "within"},
        fault_case{"outlives-input", "timer_input_closed", "has not ended"},
        fault_case{"without-option", "timer_fires_all", "'at_once'"}));

TEST(conform_timer, passes_a_conforming_target) {
  ::setenv("TAILRACE_FAULT", "none", 1);
  for (const char* name :
       {"timer_fires_all", "timer_fires_all_at_once", "timer_cancels_all",
        "timer_stops_in_the_middle", "timer_stops_before_start", "timer_input_closed"}) {
    const outcome seen = conform({TAILRACE_TIMER_TARGET, "--only", name, "--json"});
    EXPECT_EQ(check_named(seen.text, name)["status"], "ok") << seen.text;
  }
}

}  // namespace
}  // namespace tailrace
