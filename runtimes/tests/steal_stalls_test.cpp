// SPDX-License-Identifier: MIT
// The stall detector of the work-stealing runtime: what it takes for a stall, on made-up times, and
// that it names the coroutine that holds a real worker.
#include <gtest/gtest.h>

#include <chrono>

#include "runtimes/steal/runtime.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;
using steal::runtime;
using steal::stall_watch;

const int somewhere = 0;

stall_watch::view awake(std::uint64_t polls, std::uint64_t parks = 0) {
  return {.polls = polls, .parks = parks, .asleep = false, .running = &somewhere};
}

class stall_watch_test : public testing::Test {
 protected:
  // At so many ms; the held time in ms, or 0.
  long held_at(long at_ms, const stall_watch::view& seen) {
    const auto held = watch_.look(seen, stall_watch::clock::time_point(at_ms * 1ms));
    return held ? std::chrono::duration_cast<std::chrono::milliseconds>(*held).count() : 0;
  }
  stall_watch watch_{40ms};
};

TEST_F(stall_watch_test, one_poll_at_looks_a_threshold_apart_is_reported_once) {
  EXPECT_EQ(held_at(0, awake(5)), 0);
  EXPECT_EQ(held_at(20, awake(5)), 0);
  EXPECT_EQ(held_at(40, awake(5)), 40);
  EXPECT_EQ(held_at(60, awake(5)), 0);
  EXPECT_EQ(held_at(1000, awake(5)), 0);
}

TEST_F(stall_watch_test, the_next_poll_is_another) {
  held_at(0, awake(5));
  EXPECT_EQ(held_at(50, awake(5)), 50);
  EXPECT_EQ(held_at(70, awake(6)), 0);
  EXPECT_EQ(held_at(120, awake(6)), 50);
}

TEST_F(stall_watch_test, polls_that_go_on_are_none) {
  for (long i = 0; i < 100; ++i)
    EXPECT_EQ(held_at(20 * i, awake(static_cast<std::uint64_t>(i))), 0);
}

TEST_F(stall_watch_test, sleep_is_none_and_does_not_count) {
  stall_watch::view asleep = awake(5, 1);
  asleep.asleep = true;
  for (long i = 0; i < 10; ++i)
    EXPECT_EQ(held_at(20 * i, asleep), 0);
  // Awake now: it was asleep until some time after the last look.
  EXPECT_EQ(held_at(200, awake(5, 1)), 0);
  EXPECT_EQ(held_at(220, awake(5, 1)), 0);
  EXPECT_EQ(held_at(240, awake(5, 1)), 40);
}

TEST_F(stall_watch_test, sleep_between_two_looks_is_seen) {
  for (long i = 0; i < 10; ++i)
    EXPECT_EQ(held_at(20 * i, awake(5, static_cast<std::uint64_t>(i))), 0);
}

TEST_F(stall_watch_test, a_worker_that_has_not_polled_or_has_ended_is_none) {
  stall_watch::view idle = awake(0);
  idle.running = nullptr;
  for (long i = 0; i < 10; ++i)
    EXPECT_EQ(held_at(20 * i, idle), 0);
}

std::uint64_t stalls_of(const runtime& rt) {
  for (const metric& each : rt.metrics().whole)
    if (each.name == "stalls") return each.value;
  return 0;
}

template <class Kind>
task<void> spin_until_reported(const runtime& on) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (stalls_of(on) == 0 && std::chrono::steady_clock::now() < until) {
  }
  co_return;
}

task<void> await_one_that_spins(runtime& on) {
  co_await on.yield();
  scope<runtime> children(on);
  children.spawn(spin_until_reported<int>(on));
  co_await children.join();
}

TEST(stall_detector, names_the_coroutine_that_holds_a_worker) {
  for (const std::uint32_t workers : {1U, 2U}) {
    runtime rt({.workers = workers, .stall_threshold = 100ms});
    testing::internal::CaptureStderr();
    rt.run(await_one_that_spins(rt));
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_GE(stalls_of(rt), 1U) << said;
    EXPECT_TRUE(said.starts_with("steal: worker ")) << said;
    EXPECT_NE(said.find(" is held for "), std::string::npos) << said;
    EXPECT_NE(said.find(" ms by tailrace::(anonymous namespace)::spin_until_reported<int>(...)\n"),
              std::string::npos)
        << said;
  }
}

task<void> yield_until_looked_at(runtime& on, std::uint64_t times) {
  while (on.stalls()->looks() < times)
    co_await on.yield();
}

TEST(stall_detector, leaves_in_peace_who_yields) {
  runtime rt({.workers = 1, .stall_threshold = 1s});
  testing::internal::CaptureStderr();
  rt.run(yield_until_looked_at(rt, 4));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(stalls_of(rt), 0U);
}

task<void> spin(std::chrono::milliseconds length) {
  const auto until = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < until) {
  }
  co_return;
}

TEST(stall_detector, does_not_exist_unless_asked_for) {
  runtime rt({.workers = 1});
  EXPECT_EQ(rt.stalls(), nullptr);
  testing::internal::CaptureStderr();
  rt.run(spin(50ms));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  for (const metric& each : rt.metrics().whole)
    EXPECT_NE(each.name, "stalls");
}

}  // namespace
}  // namespace tailrace
