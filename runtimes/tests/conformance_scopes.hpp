// SPDX-License-Identifier: MIT
// Conformance: tasks, scopes and exceptions. Include only from conformance.hpp.
#pragma once

#include <memory>

#include "runtimes/tests/conformance_time.hpp"

namespace tailrace::conformance {

inline task<int> one() {
  co_return 1;
}

inline task<void> sum_of_many(int times, long& sum) {
  for (int i = 0; i < times; ++i)
    sum += co_await one();
}

// The trap: a compiler that does not make the transfer between coroutines a jump uses stack here.
TEST(conformance, three_million_synchronous_awaits_use_no_stack) {
  long sum = 0;
  on_thread running([&](R&) { return sum_of_many(3'000'000, sum); });
  running.join();
  EXPECT_EQ(sum, 3'000'000);
}

inline task<int> depth_of(R& runtime, int levels) {
  if (levels == 0) {
    co_await runtime.yield();
    co_return 0;
  }
  const int below = co_await depth_of(runtime, levels - 1);
  co_return below + 1;
}

inline task<void> measure_depth(R& runtime, int levels, int& depth) {
  depth = co_await depth_of(runtime, levels);
}

TEST(conformance, tasks_may_await_each_other_a_hundred_thousand_deep) {
  int depth = 0;
  on_thread running([&](R& runtime) { return measure_depth(runtime, 100'000, depth); });
  running.join();
  EXPECT_EQ(depth, 100'000);
}

inline task<void> hold(std::shared_ptr<int> held) {
  EXPECT_NE(held, nullptr);
  co_return;
}

TEST(conformance, a_task_that_never_started_gives_back_its_frame) {
  const auto held = std::make_shared<int>(1);
  {
    on_thread running([&](R&) { return hold(held); });
    running.join();
  }
  EXPECT_EQ(held.use_count(), 1);
  const auto runtime = harness::make();
  {
    const task<void> dropped = hold(held);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  outcome slept;
  runtime->run(sleep_into(*runtime, now(), slept));
  EXPECT_TRUE(slept.wait().ok());
}

inline task<void> count_leaves(R& runtime, int levels, std::atomic<int>& leaves) {
  if (levels == 0) {
    co_await runtime.yield();
    leaves.fetch_add(1, std::memory_order_relaxed);
    co_return;
  }
  scope<R> children(runtime);
  for (int i = 0; i < 3; ++i)
    children.spawn(count_leaves(runtime, levels - 1, leaves));
  co_await children.join();
  EXPECT_EQ(children.live(), 0u);
}

TEST(conformance, join_awaits_all_children_of_nested_scopes) {
  std::atomic<int> leaves{0};
  on_thread running([&](R& runtime) { return count_leaves(runtime, 4, leaves); });
  running.join();
  EXPECT_EQ(leaves.load(std::memory_order_relaxed), 81);
}

inline task<void> join_empty_and_again(R& runtime, notes& order) {
  scope<R> children(runtime);
  co_await children.join();
  for (int round = 0; round < 3; ++round) {
    children.spawn(sleep_and_note(runtime, now(), round, order));
    co_await children.join();
    order.add(round + 10);
  }
}

TEST(conformance, a_scope_may_be_joined_empty_and_more_than_once) {
  notes order;
  on_thread running([&](R& runtime) { return join_empty_and_again(runtime, order); });
  running.join();
  EXPECT_EQ(order.all(), (std::vector<int>{-1, 0, 10, -2, 1, 11, -3, 2, 12}));
}

inline task<void> spawn_sibling(R& runtime, scope<R>& siblings, int more, notes& order) {
  order.add(more);
  co_await runtime.yield();
  if (more > 0) siblings.spawn(spawn_sibling(runtime, siblings, more - 1, order));
}

inline task<void> join_a_growing_scope(R& runtime, notes& order) {
  scope<R> children(runtime);
  children.spawn(spawn_sibling(runtime, children, 5, order));
  co_await children.join();
}

TEST(conformance, join_awaits_children_spawned_meanwhile) {
  notes order;
  on_thread running([&](R& runtime) { return join_a_growing_scope(runtime, order); });
  running.join();
  EXPECT_EQ(order.all(), (std::vector<int>{5, 4, 3, 2, 1, 0}));
}

inline task<void> fail(R& runtime, const char* why) {
  co_await runtime.yield();
  throw std::runtime_error(why);
}

struct failure_report {
  std::string caught;
  bool caught_again = false;
  int siblings_cancelled = 0;
};

inline task<void> join_failing(R& runtime, failure_report& report) {
  std::atomic<int> cancelled{0};
  scope<R> children(runtime);
  children.spawn(nest(runtime, 0, cancelled));
  children.spawn(nest(runtime, 1, cancelled));
  children.spawn(fail(runtime, "first"));
  try {
    co_await children.join();
  } catch (const std::runtime_error& error) {
    report.caught = error.what();
  }
  try {
    co_await children.join();
  } catch (const std::runtime_error&) {
    report.caught_again = true;
  }
  report.siblings_cancelled = cancelled.load(std::memory_order_relaxed);
}

TEST(conformance, a_childs_exception_stops_its_siblings_and_join_throws_it_once) {
  failure_report report;
  on_thread running([&](R& runtime) { return join_failing(runtime, report); });
  running.join();
  EXPECT_EQ(report.caught, "first");
  EXPECT_FALSE(report.caught_again);
  EXPECT_EQ(report.siblings_cancelled, 3);
}

inline std::string thrown_by_join(on_thread& running) {
  try {
    running.join();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(conformance, run_throws_what_main_threw) {
  on_thread running([](R& runtime) { return fail(runtime, "main"); });
  EXPECT_EQ(thrown_by_join(running), "main");
}

inline task<void> leave_late(R& runtime, std::atomic<bool>& left) {
  for (int i = 0; i < 100; ++i)
    co_await runtime.yield();
  const steady_time soon = now() + std::chrono::milliseconds(2);
  const io_result slept = co_await runtime.sleep_until(soon);
  EXPECT_TRUE(slept.ok());
  left.store(true, std::memory_order_relaxed);
}

inline task<void> join_late(R& runtime, std::atomic<bool>& left) {
  scope<R> children(runtime);
  children.spawn(leave_late(runtime, left));
  co_await children.join();
}

TEST(conformance, run_returns_only_after_all_children_have_ended) {
  std::atomic<bool> left{false};
  on_thread running([&](R& runtime) { return join_late(runtime, left); });
  running.join();
  EXPECT_TRUE(left.load(std::memory_order_relaxed));
}

inline task<void> abandon_children(R& runtime, std::atomic<int>& cancelled) {
  scope<R> children(runtime);
  children.spawn(nest(runtime, 0, cancelled));
  co_await runtime.yield();
}

inline void run_abandoning() {
  const auto runtime = harness::make();
  std::atomic<int> cancelled{0};
  runtime->run(abandon_children(*runtime, cancelled));
}

TEST(conformance_death, a_scope_destroyed_with_living_children_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run_abandoning(), "check failed: live_ == 0");
}

}  // namespace tailrace::conformance
