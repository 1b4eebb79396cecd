// SPDX-License-Identifier: MIT
#include "runtimes/task.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "runtimes/local/runtime.hpp"
#include "runtimes/runtime.hpp"

namespace tailrace {
namespace {

static_assert(Runtime<local::runtime>);

task<int> value(int number) {
  co_return number;
}

task<void> await_many(int times, long& sum) {
  for (int i = 0; i < times; ++i)
    sum += co_await value(1);
}

// The g++ trap: without sibling calls a synchronous await uses stack, and this overflows it.
TEST(task, three_million_synchronous_awaits_use_no_stack) {
  local::runtime runtime;
  long sum = 0;
  runtime.run(await_many(3'000'000, sum));
  EXPECT_EQ(sum, 3'000'000);
}

task<int> failing() {
  throw std::runtime_error("inner");
  co_return 0;
}

task<void> catches(bool& caught) {
  try {
    co_await failing();
  } catch (const std::runtime_error& error) {
    caught = std::string_view(error.what()) == "inner";
  }
}

TEST(task, exception_reaches_the_awaiter) {
  local::runtime runtime;
  bool caught = false;
  runtime.run(catches(caught));
  EXPECT_TRUE(caught);
}

TEST(task, never_awaited_task_is_destroyed_unstarted) {
  bool caught = false;
  {
    const task<void> unused = catches(caught);
  }
  EXPECT_FALSE(caught);
}

task<void> appends(local::runtime& runtime, std::vector<int>& order, int name) {
  order.push_back(name);
  co_await runtime.yield();
  order.push_back(name + 10);
}

task<void> spawns_two(local::runtime& runtime, std::vector<int>& order) {
  scope<local::runtime> children(runtime);
  children.spawn(appends(runtime, order, 1));
  children.spawn(appends(runtime, order, 2));
  co_await children.join();
  order.push_back(99);
}

TEST(scope, children_run_in_spawn_order_and_are_joined) {
  local::runtime runtime;
  std::vector<int> order;
  runtime.run(spawns_two(runtime, order));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 11, 12, 99}));
}

TEST(scope, main_that_throws_is_rethrown_by_run) {
  local::runtime runtime;
  const auto throws = []() -> task<void> {
    throw std::runtime_error("main");
    co_return;
  };
  EXPECT_THROW(runtime.run(throws()), std::runtime_error);
}

}  // namespace
}  // namespace tailrace
