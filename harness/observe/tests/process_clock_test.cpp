// SPDX-License-Identifier: MIT
#include "harness/observe/process_clock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <climits>
#include <thread>

#include "harness/observe/proc_text.hpp"
#include "harness/observe/tests/planted_child.hpp"

namespace tailrace::observe {
namespace {

using std::chrono::milliseconds;

TEST(schedstat, three_numbers_or_nothing) {
  EXPECT_EQ(parse_schedstat("123 45 6\n"), (run_times{123, 45, 6}));
  for (const char* bad : {"", "1 2", "a b c", "1 2 "})
    EXPECT_FALSE(parse_schedstat(bad)) << bad;
}

TEST(process_clock, who_burns_is_charged_and_who_sleeps_is_not) {
  const planted_child burner(burn_forever);
  const planted_child sleeper([] { ::pause(); });
  process_clock burning(burner.pid());
  process_clock sleeping(sleeper.pid());
  // Past its own beginning.
  ASSERT_TRUE(becomes_true([&] {
    const auto stat = read_text("/proc/" + std::to_string(sleeper.pid()) + "/stat").text;
    return burning.read()->cpu_ns > 0 && stat.value_or("").find(") S ") != std::string::npos;
  }));
  const auto burnt = burning.read().value();
  const auto slept = sleeping.read().value();
  EXPECT_TRUE(becomes_true([&] {
    const auto work = difference(burnt, burning.read().value());
    return work.cpu_ns > 20'000'000 && work.run.on_cpu_ns > 10'000'000;
  }));
  const auto work = difference(slept, sleeping.read().value());
  EXPECT_LT(work.cpu_ns, 2'000'000);  // a tenth of what the other one burnt; nothing of its own
  EXPECT_LT(work.run.on_cpu_ns, 2'000'000);
  const auto listed = numeric_entries("/proc/" + std::to_string(sleeper.pid()) + "/task");
  EXPECT_EQ(work.threads, static_cast<int>(listed.size()));
  EXPECT_FALSE(work.threads_ended);
}

TEST(process_clock, two_on_one_cpu_delay_each_other) {
  const planted_child pair([] {
    stay_on(::sched_getcpu());
    std::thread(burn_forever).detach();
    burn_forever();
  });
  process_clock clock(pair.pid());
  const auto begin = clock.read().value();
  EXPECT_TRUE(becomes_true([&] {
    const auto work = difference(begin, clock.read().value());
    return work.threads >= 2 && work.run.delay_ns > 10'000'000 && work.switches.involuntary > 0;
  }));
}

TEST(process_clock, sleeps_are_voluntary_switches) {
  const planted_child sleeper([] {
    for (;;)
      std::this_thread::sleep_for(milliseconds(1));
  });
  process_clock clock(sleeper.pid(), 8);
  const auto begin = clock.read().value();
  process_edge end;
  ASSERT_TRUE(becomes_true([&] {
    end = clock.read().value();
    return difference(begin, end).switches.voluntary >= 20;
  }));
  const auto work = difference(begin, end);
  EXPECT_GE(work.run.times_run + 2, work.switches.voluntary);
  EXPECT_LT(work.switches.involuntary, work.switches.voluntary);
  const auto unasked = clock.read(with_switches::no).value();
  EXPECT_EQ(difference(end, unasked).switches.voluntary, 0);
}

TEST(process_clock, a_thread_that_ends_is_said_and_its_time_stays) {
  int to_child[2];
  ASSERT_EQ(::pipe2(to_child, O_CLOEXEC), 0);
  const planted_child parent([&] {
    std::jthread worker([&](const std::stop_token&) {
      char byte = 0;
      while (::fcntl(to_child[0], F_SETFL, O_NONBLOCK), ::read(to_child[0], &byte, 1) < 1) {
      }
    });
    worker.join();
    ::pause();
  });
  process_clock clock(parent.pid());
  process_clock keeping(parent.pid(), 8);
  ASSERT_TRUE(becomes_true([&] { return clock.read()->cpu_ns > 20'000'000; }));
  const auto begin = clock.read().value();
  ASSERT_EQ(keeping.read()->threads.size(), begin.threads.size());
  ASSERT_EQ(::write(to_child[1], "x", 1), 1);
  ASSERT_TRUE(
      becomes_true([&] { return clock.read()->threads.size() + 1 == begin.threads.size(); }));
  const auto end = clock.read().value();
  EXPECT_EQ(keeping.read()->threads.size(), end.threads.size());
  const auto work = difference(begin, end);
  EXPECT_TRUE(work.threads_ended);
  EXPECT_GE(end.cpu_ns, begin.cpu_ns);
  EXPECT_GE(work.run.on_cpu_ns, 0);
  EXPECT_GT(end.cpu_ns, end.threads[0].run.on_cpu_ns);  // the worker's is in it
  ::close(to_child[0]);
  ::close(to_child[1]);
}

TEST(process_clock, differences_are_never_negative) {
  const process_edge begin{10, 500, true, {{1, {100, 10, 4}, {3, 1}}, {2, {900, 90, 40}, {30, 9}}}};
  // 2 has ended and another thread has its number; 1 went on; 3 is new.
  const process_edge end{
      30, 700, true, {{1, {150, 11, 5}, {4, 1}}, {2, {7, 1, 1}, {1, 0}}, {3, {20, 2, 2}, {2, 0}}}};
  const auto work = difference(begin, end);
  EXPECT_EQ(work.run, (run_times{50 + 7 + 20, 1 + 1 + 2, 1 + 1 + 2}));
  EXPECT_EQ(work.switches.voluntary, 1 + 1 + 2);
  EXPECT_EQ(work.cpu_ns, 200);
  EXPECT_EQ(work.wall_ns, 20);
  EXPECT_TRUE(work.threads_ended);
  EXPECT_FALSE(difference(end, end).threads_ended);
  EXPECT_TRUE(difference(end, begin).threads_ended);
}

TEST(process_clock, a_process_that_goes_away_is_no_value) {
  planted_child sleeper([] { ::pause(); });
  process_clock clock(sleeper.pid(), 8);
  EXPECT_TRUE(clock.read());
  sleeper.end();
  EXPECT_FALSE(clock.read());
  EXPECT_FALSE(read_process_edge(sleeper.pid()));
  EXPECT_FALSE(process_cpu_ns(INT_MAX / 8));
}

TEST(process_clock, descriptors_are_given_back) {
  const auto before = open_descriptors(::getpid());
  {
    process_clock clock(::getpid(), 8);
    for (int i = 0; i < 3; ++i)
      std::thread([&] { EXPECT_TRUE(clock.read()); }).join();
    EXPECT_GT(open_descriptors(::getpid()), before);
  }
  EXPECT_EQ(open_descriptors(::getpid()), before);
}

}  // namespace
}  // namespace tailrace::observe
