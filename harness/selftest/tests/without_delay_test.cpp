// SPDX-License-Identifier: MIT
// Known delays are judged by what is left after an echo without delay: what that excuses, and what
// it does not.
#include <gtest/gtest.h>

#include "harness/selftest/run_selftest.hpp"
#include "harness/selftest/tests/made_records.hpp"

namespace tailrace::selftest {
namespace {

using nlohmann::json;

// As seen at slow moments of a shared virtual machine.
TEST(without_delay, a_path_that_takes_longer_is_no_error_and_stays_in_the_bias) {
  records in = good();
  shift_latencies(in, all_delays, 24e3);
  EXPECT_FALSE(failed(in).empty());
  shift_latencies(in, {"delay-0"}, 24e3);
  const auto verdicts = judge(in, strictness::tolerances);
  EXPECT_EQ(rows_with(verdicts, outcome::holds).size(), expectations().size())
      << tell(verdicts, true).text;
  const verdict p50 = of_row(verdicts, "delay 100 us, p50");
  EXPECT_DOUBLE_EQ(p50.bias(), 36);
  EXPECT_DOUBLE_EQ(p50.rest(), 0);
  const json row = row_json(p50);
  EXPECT_DOUBLE_EQ(row.at("measured"), 136);
  EXPECT_DOUBLE_EQ(row.at("without_delay"), 36);
  EXPECT_TRUE(row_json(of_row(verdicts, "echo without delay, p50")).at("without_delay").is_null());
}

TEST(without_delay, a_stall_of_the_echo_without_delay_excuses_no_tail) {
  records in = good();
  each_of(in, "delay-0", [](json& cell) {
    for (const char* const which : {"mean", "p90", "p99", "p99.9", "max"})
      scale_latency(cell, which, 50);
  });
  EXPECT_EQ(failed(in), names{});
  for (const char* const which : {"p99", "p99.9"})
    scale_latency(found(in, "delay-200"), which, 1.3);
  EXPECT_EQ(failed(in), (names{"delay 200 us, p99", "delay 200 us, p99.9"}));
}

TEST(without_delay, a_machine_that_is_too_slow_to_tell_has_not_failed) {
  records in = good();
  shift_latencies(in, all_delays, 120e3);
  shift_latencies(in, {"delay-0"}, 120e3);
  const auto verdicts = judge(in, strictness::tolerances);
  EXPECT_EQ(rows_with(verdicts, outcome::failed), names{});
  // All that is a known delay, and what is read without: nothing is left over to be believed.
  EXPECT_EQ(rows_with(verdicts, outcome::disturbed).size(), 31U);
  EXPECT_TRUE(tell(verdicts, false).believed);
  EXPECT_FALSE(tell(verdicts, true).believed);
  EXPECT_NE(tell(verdicts, false).text.find("too slow to tell: an echo without delay takes 132 us"),
            std::string::npos)
      << tell(verdicts, false).text;
  EXPECT_NE(tell_briefly(verdicts).find("response times are cannot be told here"),
            std::string::npos);
  // And no answer comes before its delay.
  scale_latency(found(in, "delay-1000"), "min", 0.8);
  EXPECT_EQ(failed(in), names{"delay 1000 us, min"});
}

// An echo without delay that was disturbed takes too much off; then that is why the rest is short.
TEST(without_delay, too_short_a_rest_is_excused_by_noise_of_the_echo_without_delay_alone) {
  records in = good();
  json& cell = found(in, "delay-0");
  scale_latency(cell, "p50", 4);
  const names shorter = {"delay 100 us, p50", "delay 100 us, p99",   "delay 200 us, p50",
                         "delay 200 us, p99", "delay 100 us, p99.9", "delay 200 us, p99.9"};
  EXPECT_EQ(failed(in), shorter);
  found(in, "delay-100")["noise"]["others_share"] = 0.4;
  EXPECT_EQ(failed(in), shorter);
  cell["noise"]["others_share"] = 0.1;  // a third of the requests: not the median
  EXPECT_EQ(failed(in), shorter);
  cell["noise"]["others_share"] = 0.4;
  EXPECT_EQ(rows_with(judge(in, strictness::tolerances), outcome::disturbed), shorter);
  // It makes no row that is too long shorter.
  scale_latency(cell, "p50", 0.25);
  scale_latency(found(in, "delay-200"), "p50", 2);
  EXPECT_EQ(failed(in), names{"delay 200 us, p50"});
}

TEST(without_delay, known_delays_are_not_judged_without_an_echo_without_delay) {
  records in = good();
  std::erase_if(in.cells, [](const json& each) { return each["subject"]["form"] == "delay-0"; });
  const auto verdicts = judge(in, strictness::tolerances);
  EXPECT_EQ(rows_with(verdicts, outcome::failed).size(), 31U);
  EXPECT_EQ(of_row(verdicts, "delay 100 us, p50").note, "not measured: there is no such record");
}

TEST(without_delay, what_is_not_permitted_here_has_not_failed) {
  records in = good();
  std::erase_if(in.cells, [](const json& each) { return each["point"]["id"] == "known-fifo"; });
  in.left_out = {{{"id", "known-fifo"}, {"cause", "SCHED_FIFO: Operation not permitted"}}};
  const auto verdicts = judge(in, strictness::tolerances);
  EXPECT_EQ(rows_with(verdicts, outcome::cannot).size(), 13U);
  EXPECT_EQ(of_row(verdicts, "delay 100 us, FIFO, p99").note,
            "not measured: SCHED_FIFO: Operation not permitted");
  EXPECT_TRUE(tell(verdicts, false).believed);
}

}  // namespace
}  // namespace tailrace::selftest
