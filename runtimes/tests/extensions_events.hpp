// SPDX-License-Identifier: MIT
// Conformance: R::event and what is made of it alone. Include only from extensions.hpp.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "runtimes/extensions.hpp"
#include "runtimes/tests/conformance_server.hpp"
#include "workloads/micro/oneshot.hpp"

namespace tailrace::conformance {

static_assert(HasEvent<R>);
using event = R::event;

// Runs main on the runtime, in this thread.
template <class Main>
void run_here(Main main) {
  const auto runtime = harness::make();
  runtime->run(main(*runtime));
}

// Waits `times` times; the results go to `woken` in turn.
inline task<void> wait_and_note(event& awaited, int times, std::vector<int>& woken) {
  for (int i = 0; i < times; ++i) {
    const io_result result = co_await awaited.wait();
    woken.push_back(result.ok() ? static_cast<int>(result.count()) : -result.error());
  }
}

inline task<void> set_before_wait(R& runtime, std::vector<int>& woken) {
  event one(runtime);
  one.set();
  co_await wait_and_note(one, 1, woken);
  scope<R> children(runtime);
  children.spawn(wait_and_note(one, 1, woken));
  co_await runtime.yield();
  one.set();
  co_await children.join();
}

TEST(extensions_event, a_set_ends_the_wait_before_or_after_it) {
  std::vector<int> woken;
  run_here([&](R& runtime) { return set_before_wait(runtime, woken); });
  EXPECT_EQ(woken, (std::vector<int>{0, 0}));
}

// Sets while nobody waits are one set: the second wait ends by the stop alone.
inline task<void> set_thrice(R& runtime, std::vector<int>& woken) {
  event one(runtime);
  for (int i = 0; i < 3; ++i)
    one.set();
  scope<R> children(runtime);
  children.spawn(wait_and_note(one, 2, woken));
  // Far longer than the first wait takes; were it not, the test would pass all the same.
  const steady_time soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const io_result slept = co_await runtime.sleep_until(soon);
  EXPECT_TRUE(slept.ok());
  children.request_stop();
  co_await children.join();
}

TEST(extensions_event, sets_do_not_add_up) {
  std::vector<int> woken;
  run_here([&](R& runtime) { return set_thrice(runtime, woken); });
  EXPECT_EQ(woken, (std::vector<int>{0, -ECANCELED}));
}

inline task<void> stop_waiter(R& runtime, std::vector<int>& woken) {
  event one(runtime);
  {
    scope<R> children(runtime);
    children.spawn(wait_and_note(one, 2, woken));
    co_await runtime.yield();
    children.request_stop();
    co_await children.join();
  }
  // The event is as good as new.
  one.set();
  co_await wait_and_note(one, 1, woken);
}

TEST(extensions_event, a_stop_cancels_the_wait_and_any_begun_afterwards) {
  std::vector<int> woken;
  run_here([&](R& runtime) { return stop_waiter(runtime, woken); });
  EXPECT_EQ(woken, (std::vector<int>{-ECANCELED, -ECANCELED, 0}));
}

// A set and a stop at the same time, either way round: the set is reported or still there.
inline task<void> set_and_stop(R& runtime, bool stop_first, int& found) {
  event one(runtime);
  std::vector<int> woken;
  {
    scope<R> children(runtime);
    children.spawn(wait_and_note(one, 1, woken));
    co_await runtime.yield();
    if (stop_first) children.request_stop();
    one.set();
    if (!stop_first) children.request_stop();
    co_await children.join();
  }
  if (woken == std::vector<int>{0}) {
    ++found;
    co_return;
  }
  co_await wait_and_note(one, 1, woken);  // a lost set makes the test hang here
  if (woken == std::vector<int>{-ECANCELED, 0}) ++found;
}

TEST(extensions_event, a_set_that_comes_with_a_stop_is_not_lost) {
  int found = 0;
  for (int round = 0; round < 100; ++round)
    run_here([&](R& runtime) { return set_and_stop(runtime, round % 2 == 0, found); });
  EXPECT_EQ(found, 100);
}

inline task<void> wait_watched(event& awaited, std::atomic<std::thread::id>& inside, int& woken) {
  const io_result result = co_await awaited.wait();
  EXPECT_TRUE(result.ok());
  EXPECT_NE(inside.load(), std::this_thread::get_id());
  ++woken;
}

inline task<void> set_watched(R& runtime, std::atomic<std::thread::id>& inside, int& woken) {
  event one(runtime);
  scope<R> children(runtime);
  children.spawn(wait_watched(one, inside, woken));
  co_await runtime.yield();
  inside = std::this_thread::get_id();
  one.set();
  inside = std::thread::id();
  co_await children.join();
}

TEST(extensions_event, set_resumes_nobody_inside_the_call) {
  std::atomic<std::thread::id> inside;
  int woken = 0;
  run_here([&](R& runtime) { return set_watched(runtime, inside, woken); });
  EXPECT_EQ(woken, 1);
}

// Many rounds through two events: what one side wrote before set() the other reads after wait(),
// unsynchronised otherwise (a thread sanitizer would say so), and nobody is lost.
inline task<void> answer_turns(event& asked, event& answered, int turns, long& shared) {
  for (int i = 0; i < turns; ++i) {
    const io_result woken = co_await asked.wait();
    EXPECT_TRUE(woken.ok());
    ++shared;
    answered.set();
  }
}

inline task<void> take_turns(R& runtime, int turns, long& shared) {
  event asked(runtime);
  event answered(runtime);
  scope<R> children(runtime);
  children.spawn(answer_turns(asked, answered, turns, shared));
  for (int i = 0; i < turns; ++i) {
    ++shared;
    asked.set();
    const io_result woken = co_await answered.wait();
    EXPECT_TRUE(woken.ok());
  }
  co_await children.join();
}

TEST(extensions_event, two_tasks_take_turns) {
  long shared = 0;
  run_here([&](R& runtime) { return take_turns(runtime, 3000, shared); });
  EXPECT_EQ(shared, 6000);
}

// The waiter destroys the event as soon as it is woken, while the setter may still be in set().
inline task<void> set_through(std::unique_ptr<event>& fresh, event& taken) {
  event* const own = fresh.get();
  taken.set();
  own->set();
  co_return;
}

inline task<void> destroy_at_once(R& runtime, int rounds, int& woken) {
  for (int i = 0; i < rounds; ++i) {
    auto fresh = std::make_unique<event>(runtime);
    event taken(runtime);
    scope<R> children(runtime);
    children.spawn(set_through(fresh, taken));
    const io_result known = co_await taken.wait();
    const io_result result = co_await fresh->wait();
    fresh.reset();
    if (known.ok() && result.ok()) ++woken;
    co_await children.join();
  }
}

TEST(extensions_event, may_be_destroyed_as_soon_as_the_wait_returned) {
  int woken = 0;
  run_here([&](R& runtime) { return destroy_at_once(runtime, 300, woken); });
  EXPECT_EQ(woken, 300);
}

// Stops race with sets in other tasks: every wait ends, each as one or the other, and a set that a
// wait did not report is there for the next one (else the test hangs).
inline task<void> set_on_signal(R& runtime, event& set_one, std::atomic<bool>& go) {
  while (!go.load())
    co_await runtime.yield();
  set_one.set();
}

inline task<void> race_stops(R& runtime, int rounds, int& ended) {
  for (int i = 0; i < rounds; ++i) {
    event one(runtime);
    std::atomic<bool> go{false};
    std::vector<int> woken;
    scope<R> waiting(runtime);
    scope<R> setting(runtime);
    waiting.spawn(wait_and_note(one, 1, woken));
    setting.spawn(set_on_signal(runtime, one, go));
    for (int turns = 0; turns < i % 4; ++turns)
      co_await runtime.yield();
    go = true;
    if (i % 2 == 0) co_await runtime.yield();
    waiting.request_stop();
    co_await waiting.join();
    co_await setting.join();
    if (woken == std::vector<int>{-ECANCELED}) co_await wait_and_note(one, 1, woken);
    if (woken.back() == 0) ++ended;
  }
}

TEST(extensions_event, every_wait_ends_and_no_set_is_lost_when_stops_race_with_sets) {
  int ended = 0;
  run_here([&](R& runtime) { return race_stops(runtime, 1000, ended); });
  EXPECT_EQ(ended, 1000);
}

inline task<void> send_text(oneshot<R, std::unique_ptr<int>>& to, int value) {
  to.set(std::make_unique<int>(value));
  co_return;
}

inline task<void> exchange_oneshots(R& runtime, std::vector<int>& got) {
  scope<R> children(runtime);
  oneshot<R, std::unique_ptr<int>> first(runtime);
  oneshot<R, std::unique_ptr<int>> second(runtime);
  first.set(std::make_unique<int>(1));
  children.spawn(send_text(second, 2));
  auto one = co_await first.wait();
  auto two = co_await second.wait();
  got = {**one, **two};
  co_await children.join();
}

TEST(extensions_oneshot, gives_what_was_set_before_or_after_the_wait) {
  std::vector<int> got;
  run_here([&](R& runtime) { return exchange_oneshots(runtime, got); });
  EXPECT_EQ(got, (std::vector<int>{1, 2}));
}

inline task<void> wait_for_nothing(oneshot<R, int>& never_set, int& error) {
  const auto result = co_await never_set.wait();
  error = result ? 0 : result.error();
}

inline task<void> stop_oneshot(R& runtime, int& error) {
  oneshot<R, int> never_set(runtime);
  scope<R> children(runtime);
  children.spawn(wait_for_nothing(never_set, error));
  co_await runtime.yield();
  children.request_stop();
  co_await children.join();
}

TEST(extensions_oneshot, a_stop_cancels_the_wait) {
  int error = 0;
  run_here([&](R& runtime) { return stop_oneshot(runtime, error); });
  EXPECT_EQ(error, ECANCELED);
}

inline task<void> wait_alone(event& awaited) {
  static_cast<void>(co_await awaited.wait());
}

inline task<void> wait_twice(R& runtime) {
  event one(runtime);
  scope<R> children(runtime);
  children.spawn(wait_alone(one));
  children.spawn(wait_alone(one));
  co_await children.join();
}

TEST(extensions_event_death, a_second_waiter_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(run_here([](R& runtime) { return wait_twice(runtime); }), "check failed: .*waiter");
}

}  // namespace tailrace::conformance
