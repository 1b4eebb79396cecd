// SPDX-License-Identifier: MIT
// Conformance: sleeps, yields and the order in which tasks run. Nothing here says how late a sleep
// may end. Include only from conformance.hpp.
#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "runtimes/tests/conformance_stop.hpp"

namespace tailrace::conformance {

inline steady_time now() {
  return std::chrono::steady_clock::now();
}

inline task<void> sleep_in_turn(R& runtime, std::vector<std::chrono::microseconds> delays,
                                gate& done) {
  for (const std::chrono::microseconds delay : delays) {
    const steady_time deadline = now() + delay;
    const io_result slept = co_await runtime.sleep_until(deadline);
    EXPECT_EQ(slept, io_result::of_count(0));
    EXPECT_GE(now(), deadline);
  }
  done.set();
}

TEST(conformance, no_sleep_ends_early) {
  gate done;
  std::vector<std::chrono::microseconds> delays;
  for (const int delay : {1, 10, 99, 100, 500, 999, 1000, 1001, 1999, 2500, 10'001})
    delays.emplace_back(delay);
  on_thread running([&](R& runtime) { return sleep_in_turn(runtime, delays, done); });
  running.join();
  EXPECT_TRUE(done.is_set());
}

inline task<void> sleep_into_the_past(R& runtime, gate& done) {
  std::vector<steady_time> deadlines = {now(), now() - std::chrono::hours(1), steady_time(),
                                        steady_time::min()};
  for (const steady_time deadline : deadlines) {
    const io_result slept = co_await runtime.sleep_until(deadline);
    EXPECT_EQ(slept, io_result::of_count(0));
  }
  done.set();
}

TEST(conformance, a_sleep_until_now_or_the_past_returns) {
  gate done;
  on_thread running([&](R& runtime) { return sleep_into_the_past(runtime, done); });
  done.wait();
}

// Notes -1 - name before the sleep and name after it.
inline task<void> sleep_and_note(R& runtime, steady_time deadline, int name, notes& noted) {
  noted.add(-1 - name);
  const io_result slept = co_await runtime.sleep_until(deadline);
  EXPECT_EQ(slept, io_result::of_count(0));
  EXPECT_GE(now(), deadline);
  noted.add(name);
}

inline constexpr std::chrono::microseconds between_deadlines{10};

// The same, but a sleep that begins after its deadline is not noted before.
inline task<void> wake_in_turn(R& runtime, steady_time deadline, int name, notes& noted) {
  if (now() < deadline) noted.add(-1 - name);
  const io_result slept = co_await runtime.sleep_until(deadline);
  EXPECT_TRUE(slept.ok());
  noted.add(name);
}

inline task<void> sleep_shuffled(R& runtime, int sleepers, notes& noted) {
  scope<R> children(runtime);
  std::vector<int> names(static_cast<std::size_t>(sleepers));
  std::iota(names.begin(), names.end(), 0);
  std::mt19937 random(7);
  std::shuffle(names.begin(), names.end(), random);
  const steady_time start = now() + std::chrono::milliseconds(5);
  for (const int name : names) {
    const steady_time deadline = start + between_deadlines * name;
    children.spawn(wake_in_turn(runtime, deadline, name, noted));
  }
  co_await children.join();
}

// Everyone woke, and nobody while one with an earlier deadline was asleep. (A sleep that begins
// after its deadline may of course end after those that were asleep by then: nobody waits for it.)
inline void expect_all_woken_in_order(int sleepers, const notes& noted) {
  const int granularity = static_cast<int>(harness::timer_granularity / between_deadlines);
  std::set<int> asleep;
  int woken = 0;
  for (const int note : noted.all()) {
    if (note < 0) {
      asleep.insert(-1 - note);
      continue;
    }
    // Threads of the system wake in whatever order it likes.
    if (R::single_threaded) {
      if (!asleep.empty()) {
        ASSERT_GE(*asleep.begin() + granularity, note);
      }
    }
    asleep.erase(note);
    ++woken;
  }
  EXPECT_EQ(woken, sleepers);
  EXPECT_TRUE(asleep.empty());
}

TEST(conformance, sleepers_wake_in_the_order_of_their_deadlines) {
  notes noted;
  on_thread running([&](R& runtime) { return sleep_shuffled(runtime, 100, noted); });
  running.join();
  expect_all_woken_in_order(100, noted);
}

TEST(conformance, ten_thousand_may_sleep_at_once) {
  constexpr int sleepers = R::single_threaded ? 10'000 : 500;
  notes noted;
  on_thread running([&](R& runtime) { return sleep_shuffled(runtime, sleepers, noted); });
  running.join();
  expect_all_woken_in_order(sleepers, noted);
}

inline task<void> cancel_some(R& runtime, std::atomic<int>& cancelled) {
  scope<R> kept(runtime);
  notes noted;
  const steady_time start = now();
  for (int i = 0; i < 20; ++i)
    kept.spawn(sleep_and_note(runtime, start + std::chrono::milliseconds(i), i, noted));
  {
    scope<R> dropped(runtime);
    for (int i = 0; i < 20; ++i)
      dropped.spawn(nest(runtime, 0, cancelled));
    co_await runtime.yield();
    dropped.request_stop();
    co_await dropped.join();
  }
  co_await kept.join();
  expect_all_woken_in_order(20, noted);
}

TEST(conformance, cancelled_sleeps_leave_the_others_alone) {
  std::atomic<int> cancelled{0};
  on_thread running([&](R& runtime) { return cancel_some(runtime, cancelled); });
  running.join();
  EXPECT_EQ(cancelled.load(std::memory_order_relaxed), 20);
}

inline task<void> note_around_yields(R& runtime, int name, notes& order) {
  order.add(name);
  co_await runtime.yield();
  order.add(name + 10);
  co_await runtime.yield();
  order.add(name + 20);
}

inline task<void> spawn_three(R& runtime, notes& order) {
  scope<R> children(runtime);
  for (int name = 1; name <= 3; ++name)
    children.spawn(note_around_yields(runtime, name, order));
  co_await children.join();
}

TEST(conformance, tasks_start_in_spawn_order_and_a_yield_lets_the_others_run) {
  notes order;
  on_thread running([&](R& runtime) { return spawn_three(runtime, order); });
  running.join();
  std::vector<int> ran = order.all();
  if (!R::single_threaded) std::sort(ran.begin(), ran.end());
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3, 11, 12, 13, 21, 22, 23}));
}

}  // namespace tailrace::conformance
