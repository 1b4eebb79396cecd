// SPDX-License-Identifier: MIT
// Each row of the self-test fails on a fault that was planted in the records, and on no other; what
// noise excuses and what it does not.
#include "harness/selftest/judge.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "harness/selftest/run_selftest.hpp"
#include "harness/selftest/tests/made_records.hpp"

namespace tailrace::selftest {
namespace {

using nlohmann::json;

TEST(judge, a_quiet_machine_with_right_numbers_holds) {
  const auto verdicts = judge(good(), strictness::tolerances);
  EXPECT_EQ(verdicts.size(), expectations().size());
  EXPECT_EQ(rows_with(verdicts, outcome::holds).size(), expectations().size())
      << tell(verdicts, true).text;
  EXPECT_TRUE(tell(verdicts, true).believed);
}

// Fault by fault, each the only one: which rows see it.
struct planted {
  const char* name;
  std::function<void(records&)> fault;
  names seen_by;
};

planted scaled(const char* name, const char* form, const char* which, double by,
               const char* seen_by) {
  return {name, [=](records& in) { scale_latency(found(in, form), which, by); }, {seen_by}};
}

planted slices_scaled(const char* name, const char* key, double by, const char* seen_by) {
  return {name,
          [=](records& in) {
            each_of(in, "a2", [&](json& cell) {
              for (json& slice : cell["slices"])
                slice[key] = slice[key].get<double>() * by;
            });
          },
          {seen_by}};
}

planted cost_is(const char* name, std::size_t index, double value, const char* seen_by) {
  return {name,
          [=](records& in) { in.costs[0]["sheet"]["metrics"][index]["values"] = {value}; },
          {seen_by}};
}

std::vector<planted> delay_faults() {
  std::vector<planted> all;
  // The tolerance of a millisecond is wider than that.
  all.push_back({"a client that is 30 us late where it has to wait",
                 [](records& in) { shift_latencies(in, all_delays, 30e3); },
                 {"delay 100 us, min", "delay 100 us, p50", "delay 100 us, p99",
                  "delay 100 us, p99.9", "delay 200 us, min", "delay 200 us, p50",
                  "delay 200 us, p99", "delay 200 us, p99.9", "delay 100 us, FIFO, min",
                  "delay 100 us, FIFO, p50", "delay 100 us, FIFO, p99", "delay 100 us, FIFO, p99.9",
                  "delay 200 us, FIFO, min", "delay 200 us, FIFO, p50", "delay 200 us, FIFO, p99",
                  "delay 200 us, FIFO, p99.9", "1 % of 5 ms, p90", "1 % of 5 ms, mean"}});
  all.push_back({"an echo without delay in the wrong unit",
                 [](records& in) {
                   each_of(in, "delay-0", [](json& cell) {
                     for (const char* which : {"min", "p50", "p99"})
                       scale_latency(cell, which, 0.001);
                   });
                 },
                 {"echo without delay, min", "echo without delay, p50",
                  "without delay, Poisson, p50", "no delay, FIFO, p50"}});
  for (const char* const delay : {"100", "200", "1000"}) {
    const std::string form = fmt::format("delay-{}", delay);
    const std::string test = fmt::format("delay {} us, ", delay);
    const std::string fifo = test + "FIFO, ";
    all.push_back({"a histogram shifted to later",
                   [form](records& in) { shift_latencies(in, {form.c_str()}, 60e3); },
                   {test + "min", test + "p50", test + "p99", test + "p99.9", fifo + "min",
                    fifo + "p50", fifo + "p99", fifo + "p99.9"}});
    all.push_back({"a histogram of half the times",
                   [form](records& in) {
                     for (const char* which : {"min", "mean", "p50", "p90", "p99", "p99.9", "max"})
                       scale_latency(found(in, form), which, 0.5);
                   },
                   {test + "min", test + "p50", test + "p99", test + "p99.9"}});
  }
  return all;
}

std::vector<planted> faults() {
  std::vector<planted> all = {
      scaled("a p50 halved", "delay-200", "p50", 0.5, "delay 200 us, p50"),
      scaled("mean of the slow lost", "bimodal", "mean", 0.7, "1 % of 5 ms, mean"),
      scaled("slow among p90", "bimodal", "p90", 2, "1 % of 5 ms, p90"),
      scaled("slow not in p99.9", "bimodal", "p99.9", 0.9, "1 % of 5 ms, p99.9"),
      scaled("stall forgotten in p99", "stall", "p99", 0.01, "100 ms stall a second, p99"),
      scaled("stall cut at the slice", "stall", "max", 0.9, "100 ms stall a second, max"),
      scaled("stall too long", "stall", "max", 1.1, "100 ms stall a second, max"),
      scaled("stop forgotten in p99", "stop", "p99", 0.01, "SIGSTOP for 50 ms, p99"),
      scaled("stop forgotten in max", "stop", "max", 0.5, "SIGSTOP for 50 ms, max"),
      slices_scaled("CPU 10 % apart", "cpu_ns", 1.1, "one server twice, CPU an echo"),
      slices_scaled("rate 10 % apart", "achieved_per_s", 0.9, "one server twice, echoes a second"),
      slices_scaled("p50 10 % apart", "p50_ns", 1.1, "one server twice, p50"),
      cost_is("a call too many", 0, 6, "known work, system calls"),
      cost_is("an allocation lost", 1, 2, "known work, allocations"),
      cost_is("bytes of it lost", 2, 200, "known work, bytes allocated"),
      {"half of the burnt CPU time",
       [](records& in) {
         each_of(in, "burn", [](json& cell) { cell["cost"]["server"]["cpu_us_per_op"] = 33; });
       },
       {"50 us of CPU an echo, CPU more"}},
      {"5 % of the held bytes lost",
       [](records& in) {
         found(in, "hold")["memory"]["states"]["idle"]["user"]["slope_bytes"] = 15700;
       },
       {"16 KiB a connection, bytes more"}},
      {"one answer of a count lost",
       [](records& in) { found(in, "stop")["load"]["counts"]["ok"] = 3999; },
       {"counts add up, requests off"}},
      {"answers that the histogram lacks",
       [](records& in) { found(in, "stop")["load"]["latency_ns"]["response"]["count"] = 3000; },
       {"counts add up, requests off"}},
      {"a request never sent that the histogram lacks",
       [](records& in) {
         json& load = found(in, "stop")["load"];
         load["counts"].update({{"sent", 3999}, {"ok", 3999}, {"never_sent", 1}});
         load["latency_ns"]["response"]["count"] = 3999;
       },
       {"counts add up, requests off"}},
      {"a tenth of the plan left out",
       [](records& in) {
         found(in, "bimodal")["load"]["counts"] = counts(3600);
         found(in, "bimodal")["load"]["latency_ns"]["response"]["count"] = 3600;
       },
       {"the plan is kept, requests off"}}};
  for (planted& each : delay_faults())
    all.push_back(std::move(each));
  return all;
}

TEST(judge, each_planted_fault_is_seen_by_its_rows_alone) {
  names seen;
  for (const planted& each : faults()) {
    records in = good();
    each.fault(in);
    EXPECT_EQ(failed(in), each.seen_by) << each.name;
    EXPECT_FALSE(tell(judge(in, strictness::tolerances), false).believed) << each.name;
    seen.insert(each.seen_by.begin(), each.seen_by.end());
  }
  for (const expectation& row : expectations())
    EXPECT_TRUE(seen.contains(fmt::format("{}, {}", row.test, row.quantity)))
        << row.test << ", " << row.quantity << " has been seen failing on no fault";
}

TEST(judge, a_record_that_is_not_there_fails_its_rows) {
  records in = good();
  std::erase_if(in.cells, [](const json& each) { return each["point"]["id"] == "memory"; });
  in.costs.clear();
  EXPECT_EQ(failed(in), (names{"16 KiB a connection, bytes more", "known work, system calls",
                               "known work, allocations", "known work, bytes allocated"}));
  EXPECT_EQ(failed(records{}).size(), expectations().size());
}

TEST(judge, what_cannot_run_here_is_no_failure_unless_strict) {
  records in = good();
  in.costs[0].update({{"status", "skipped"}, {"cause", "ptrace is forbidden"}, {"sheet", nullptr}});
  const auto verdicts = judge(in, strictness::tolerances);
  EXPECT_EQ(rows_with(verdicts, outcome::cannot).size(), 3U);
  EXPECT_TRUE(tell(verdicts, false).believed);
  EXPECT_FALSE(tell(verdicts, true).believed);
  EXPECT_NE(tell(verdicts, false).text.find("ptrace is forbidden"), std::string::npos);
}

// 2 % of the target's time can move p99 and p99.9 upwards, but not p50, and nothing downwards.
TEST(judge, noise_excuses_what_it_can_have_moved) {
  records in = good();
  json& cell = found(in, "delay-200");
  cell["noise"].update(
      {{"others_share", 0.02}, {"disturbers", {{{"name", "cc1plus"}, {"ms", 80}}}}});
  for (const char* const which : {"p50", "p99", "p99.9"})
    scale_latency(cell, which, 2);
  const auto verdicts = judge(in, strictness::tolerances);
  EXPECT_EQ(rows_with(verdicts, outcome::disturbed),
            (names{"delay 200 us, p99", "delay 200 us, p99.9"}));
  EXPECT_EQ(rows_with(verdicts, outcome::failed), names{"delay 200 us, p50"});
  EXPECT_NE(tell(verdicts, false).text.find("cc1plus 80 ms"), std::string::npos);
  scale_latency(cell, "p50", 0.5);
  EXPECT_TRUE(tell(judge(in, strictness::tolerances), false).believed);
  EXPECT_FALSE(tell(judge(in, strictness::tolerances), true).believed);
  scale_latency(cell, "p99", 0.4);
  EXPECT_EQ(failed(in), names{"delay 200 us, p99"});
}

// Beside a compiler that has half of the target's CPU, most requests wait for it.
TEST(judge, much_noise_excuses_the_median) {
  records in = good();
  json& cell = found(in, "delay-200");
  scale_latency(cell, "p50", 5);
  EXPECT_EQ(failed(in), names{"delay 200 us, p50"});
  cell["noise"]["others_share"] = 0.4;
  EXPECT_EQ(failed(in), names{});
}

TEST(judge, noise_makes_nothing_faster) {
  records in = good();
  json& cell = found(in, "bimodal");
  cell["noise"]["others_share"] = 0.5;
  scale_latency(cell, "mean", 0.7);
  EXPECT_EQ(failed(in), names{"1 % of 5 ms, mean"});
}

TEST(judge, a_late_client_excuses_the_tail) {
  records in = good();
  json& cell = found(in, "delay-1000");
  scale_latency(cell, "p99.9", 2);
  EXPECT_EQ(failed(in), names{"delay 1000 us, p99.9"});
  cell["load"]["latency_ns"]["lateness"]["max"] = 900e3;
  EXPECT_EQ(failed(in), names{});
}

TEST(judge, a_pair_that_spreads_too_much_decides_nothing) {
  records in = good();
  each_of(in, "a2", [](json& cell) {
    for (json& slice : cell["slices"])
      slice["cpu_ns"] = slice["cpu_ns"].get<double>() * (slice["round"].get<int>() % 2 ? 1.2 : 0.8);
  });
  EXPECT_EQ(rows_with(judge(in, strictness::tolerances), outcome::disturbed),
            names{"one server twice, CPU an echo"});
}

// What the test suite asks on a machine that is never quiet.
TEST(judge, bounds_alone_are_kept_by_any_noise) {
  records in = good();
  for (json& cell : in.cells) {
    if (!cell.contains("load") || !cell["load"]["latency_ns"]["response"].contains("p50")) continue;
    for (const char* which : {"min", "mean", "p50", "p90", "p99", "p99.9", "max"})
      scale_latency(cell, which, 7);
  }
  each_of(in, "a2",
          [](json& cell) { cell["slices"] = slices("a2", cell["block"], 16e3)["slices"]; });
  const auto verdicts = judge(in, strictness::bounds_only);
  EXPECT_EQ(rows_with(verdicts, outcome::failed), names{});
  EXPECT_GE(rows_with(verdicts, outcome::unjudged).size(), 19U);
  EXPECT_TRUE(tell(verdicts, false).believed);
  EXPECT_EQ(tell(verdicts, false).text.find("can be believed"), std::string::npos);
  scale_latency(found(in, "delay-1000"), "min", 0.1);
  EXPECT_EQ(failed(in, strictness::bounds_only), names{"delay 1000 us, min"});
}

json plan_of(const std::vector<std::pair<std::string, std::string>>& cells) {
  json plan = {{"cells", json::array()}};
  for (const auto& [point, form] : cells)
    plan["cells"].push_back({{"point", point}, {"form", form}});
  return plan;
}

// A campaign's own test measures fewer servers: what it did not plan is no failure.
TEST(judge, a_short_plan_is_judged_by_what_it_has) {
  records in = good();
  std::erase_if(in.cells, [](const json& cell) {
    return cell["point"]["id"] != "known" && cell["point"]["id"] != "stall";
  });
  in.costs.clear();
  const json plan =
      plan_of({{"known", "delay-0"}, {"known", "delay-100"}, {"stall", "stall"}, {"twice", "a1"}});
  const auto verdicts = judge(in, strictness::tolerances, expectations_of(plan));
  EXPECT_EQ(rows_with(verdicts, outcome::holds),
            (names{"100 ms stall a second, max", "100 ms stall a second, p99", "delay 100 us, min",
                   "delay 100 us, p50", "delay 100 us, p99", "echo without delay, min",
                   "echo without delay, p50", "counts add up, requests off",
                   "the plan is kept, requests off"}));
  EXPECT_EQ(tell_briefly(verdicts),
            "self-test: an echo without delay reads 12 us at p50; 9 of 9 rows hold\n");
}

TEST(judge, a_failed_row_is_told_and_written) {
  records in = good();
  scale_latency(found(in, "delay-1000"), "p50", 3);
  const auto verdicts =
      judge(in, strictness::tolerances,
            expectations_of(plan_of({{"known", "delay-0"}, {"known", "delay-1000"}})));
  EXPECT_NE(
      tell_briefly(verdicts).find("6 of 7 rows hold, 1 failed:\n  delay 1000 us, p50: 3036 "
                                  "us where 1000 are known: +2024 us are left after the 12 us"),
      std::string::npos)
      << tell_briefly(verdicts);
  for (const verdict& each : verdicts) {
    const json row = row_json(each);
    if (row["test"] != "delay 1000 us" || row["quantity"] != "p50") continue;
    EXPECT_EQ(row["verdict"], "failed");
    EXPECT_EQ(row["point"], "known");
    EXPECT_DOUBLE_EQ(row.at("measured"), 3036);
    EXPECT_DOUBLE_EQ(row.at("without_delay"), 12);
  }
}

}  // namespace
}  // namespace tailrace::selftest
