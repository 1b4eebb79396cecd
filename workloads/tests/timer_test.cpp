// SPDX-License-Identifier: MIT
// The timer workload: what it draws, what it counts, and what a stop leaves. No timing is asserted.
#include "workloads/timer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtimes/local/runtime.hpp"

namespace tailrace {
namespace {

using R = local::runtime;
using std::chrono::hours;
using std::chrono::milliseconds;

timer_rules rules(timer_mode mode, std::uint64_t tasks) {
  return {.mode = mode,
          .tasks = tasks,
          .spread = milliseconds(5),
          .lead = milliseconds(5),
          .seed = 7,
          .at_once = 64};
}

// As runtimes/PROTOCOL.md promises to those who write it in another language.
TEST(timer_workload, draws_what_the_contract_says) {
  timer_rules drawn = rules(timer_mode::random, 2);
  drawn.seed = 1;
  drawn.spread = milliseconds(1000);
  EXPECT_EQ(offset_of(drawn, 0).count(), 200822465);
  EXPECT_EQ(offset_of(drawn, 1).count(), 66428519);
  drawn.mode = timer_mode::expiry;
  EXPECT_EQ(offset_of(drawn, 1).count(), 0);
}

TEST(timer_workload, each_task_fires_once_on_however_many_runtimes) {
  timer_run run(rules(timer_mode::random, 300));
  run.begin();
  for (std::uint64_t index = 0; index < 3; ++index) {
    R runtime;
    runtime.run(run_timer<R>(runtime, run, index, 3));
    EXPECT_EQ(run.so_far().fired, 100 * (index + 1));
  }
  run.end();
  EXPECT_EQ(run.so_far().armed, 300u);
  EXPECT_EQ(run.so_far().woken_early, 0u);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 300; ++i)
    sum += static_cast<std::uint64_t>(offset_of(run.rules(), i).count());
  EXPECT_EQ(run.deadline_sum_ns(), sum);
  EXPECT_GE(std::ranges::min(run.lateness_ns()), 0);
  EXPECT_GE(run.whole().wall_ns, run.firing().wall_ns);
}

TEST(timer_workload, cancelled_timers_are_counted_as_such) {
  timer_run run(rules(timer_mode::cancel, 100));
  run.begin();
  R runtime;
  runtime.run(run_timer<R>(runtime, run, 0, 1));
  run.end();
  EXPECT_EQ(run.so_far().armed, 100u);
  EXPECT_EQ(run.so_far().cancelled, 100u);
  EXPECT_EQ(run.so_far().fired, 0u);
  EXPECT_TRUE(run.lateness_ns().empty());
}

TEST(timer_workload, a_stop_cancels_those_that_wait) {
  timer_rules far = rules(timer_mode::expiry, 50);
  far.lead = hours(1);
  timer_run run(far);
  run.begin();
  R runtime;
  runtime.request_stop();
  runtime.run(run_timer<R>(runtime, run, 0, 1));
  run.end();
  EXPECT_EQ(run.so_far().cancelled, 50u);
  EXPECT_EQ(run.so_far().fired, 0u);
  EXPECT_EQ(run.deadline_sum_ns(), 0u);
}

}  // namespace
}  // namespace tailrace
