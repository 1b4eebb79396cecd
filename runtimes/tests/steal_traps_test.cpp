// SPDX-License-Identifier: MIT
// A test for each trap into which work-stealing runtimes have fallen (runtimes/steal/README.md
// names them with their histories). A long poll is a task that burns until what it holds up has
// happened elsewhere, or a generous limit has passed: no timing is asserted, only what must not
// depend on it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "runtimes/steal/runtime.hpp"
#include "runtimes/tests/conformance_client.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;
using steal::lifo_mode;
using steal::reactor_mode;
using steal::runtime;

std::chrono::steady_clock::time_point soon(std::chrono::milliseconds from_now) {
  return std::chrono::steady_clock::now() + from_now;
}

// The long poll: holds its worker until `done`. Whether it came before the limit.
bool hold_until(const std::atomic<bool>& done, std::chrono::milliseconds limit) {
  const auto until = soon(limit);
  // acquire: pairs with the release by whoever sets it.
  while (!done.load(std::memory_order_acquire))
    if (std::chrono::steady_clock::now() > until) return false;
  return true;
}

task<void> set_flag(std::atomic<bool>& flag) {
  flag.store(true, std::memory_order_release);  // release: pairs with hold_until()
  co_return;
}

task<void> wait_on(steal::event& awaited) {
  static_cast<void>(co_await awaited.wait());
}

task<void> destroy_under_waiter(runtime& rt) {
  scope<runtime> children(rt);
  {
    steal::event awaited(rt);
    children.spawn(wait_on(awaited));
    co_await rt.yield();
    co_await rt.yield();
  }
  co_await children.join();
}

TEST(steal_event_death, one_that_is_destroyed_under_its_waiter_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [] {
    steal::options chosen;
    chosen.workers = 1;
    runtime rt(chosen);
    rt.run(destroy_under_waiter(rt));
  };
  EXPECT_DEATH(run(), "check failed: waiter_ == nullptr");
}

// Both workers awake once, or the first long poll would be the first thing that happens.
task<void> warm_up(runtime& rt) {
  scope<runtime> children(rt);
  std::atomic<int> running{0};
  for (int i = 0; i < 2; ++i)
    children.spawn([](std::atomic<int>& both) -> task<void> {
      both.fetch_add(1);
      const auto until = soon(10s);
      while (both.load() < 2 && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
      co_return;
    }(running));
  co_await children.join();
}

// The LIFO slot of a worker in a long poll (Tokio #4941): the task that the poll woke last.
struct lifo_case {
  lifo_mode mode;
  bool runs_elsewhere;
};
class stranded_lifo : public testing::TestWithParam<lifo_case> {};

TEST_P(stranded_lifo, task_runs_elsewhere_unless_the_slot_is_out_of_reach) {
  const lifo_case& each = GetParam();
  runtime rt({.workers = 2, .lifo = each.mode});
  std::atomic<bool> ran{false};
  bool elsewhere = false;
  const auto limit = each.runs_elsewhere ? 20s : 0s;
  rt.run([](runtime& on, std::atomic<bool>& flag, bool& result,
            std::chrono::milliseconds most) -> task<void> {
    co_await warm_up(on);
    scope<runtime> children(on);
    children.spawn(set_flag(flag));
    result = hold_until(flag, std::max(most, 50ms));
    co_await children.join();
  }(rt, ran, elsewhere, limit));
  EXPECT_EQ(elsewhere, each.runs_elsewhere);
  EXPECT_TRUE(ran.load());
}

INSTANTIATE_TEST_SUITE_P(steal, stranded_lifo,
                         testing::Values(lifo_case{lifo_mode::off, true},
                                         lifo_case{lifo_mode::on, false},
                                         lifo_case{lifo_mode::stealable, true}));

// Two tasks that wake each other through the LIFO slot must not starve a third.
task<void> bounce(steal::event& mine, steal::event& other, const std::atomic<bool>& end) {
  while (!end.load(std::memory_order_acquire)) {  // acquire: pairs with set_flag()
    other.set();
    const io_result waited = co_await mine.wait();
    if (!waited.ok()) co_return;
  }
  other.set();
}

TEST(steal_lifo, slot_does_not_starve_the_queue) {
  runtime rt({.workers = 1});
  std::atomic<bool> ran{false};
  rt.run([](runtime& on, std::atomic<bool>& flag) -> task<void> {
    steal::event left(on);
    steal::event right(on);
    scope<runtime> children(on);
    children.spawn(bounce(left, right, flag));
    children.spawn(bounce(right, left, flag));
    co_await on.yield();
    children.spawn(set_flag(flag));
    co_await on.yield();  // puts this task behind the one just spawned
    co_await children.join();
  }(rt, ran));
  EXPECT_TRUE(ran.load());
}

// I/O and timers while the worker that would look after them is held (Tokio #4730).
struct hold_case {
  reactor_mode reactor;
  steal::io_mode io;
};
class held_worker : public testing::TestWithParam<hold_case> {
 protected:
  static steal::options chosen() {
    return {.workers = 2, .reactor = GetParam().reactor, .io = GetParam().io};
  }
};

task<void> flag_when_received(runtime::stream& peer, std::atomic<bool>& received) {
  const auto bytes = co_await peer.receive();
  EXPECT_TRUE(bytes.status().ok());
  received.store(true, std::memory_order_release);  // release: pairs with hold_until()
}

TEST_P(held_worker, does_not_hold_up_input) {
  for (int round = 0; round < 4; ++round) {  // with an epoll each, connections take turns
    runtime rt(chosen());
    std::atomic<bool> received{false};
    bool in_time = false;
    conformance::gate listening;
    std::uint16_t port = 0;
    std::thread serving([&] {
      rt.run([](runtime& on, int skipped, std::atomic<bool>& flag, bool& result,
                conformance::gate& ready, std::uint16_t& where) -> task<void> {
        auto listener = on.listen(endpoint{});
        where = listener->port();
        ready.set();
        for (int i = 0; i < skipped; ++i)
          static_cast<void>(co_await listener->accept());
        auto peer = co_await listener->accept();
        scope<runtime> children(on);
        children.spawn(flag_when_received(*peer, flag));
        co_await on.yield();
        co_await on.yield();  // The receiver sleeps now, or is about to elsewhere.
        const io_result sent = co_await peer->send_all(std::as_bytes(std::span("go", 2)));
        EXPECT_TRUE(sent.ok());
        result = hold_until(flag, 20s);
        co_await children.join();
      }(rt, round % 2, received, in_time, listening, port));
    });
    listening.wait();
    for (int i = 0; i < round % 2; ++i)
      conformance::socket_client ignored(port);
    {
      conformance::socket_client client(port);
      EXPECT_EQ(client.receive(2), "go");  // The worker is held from here on.
      client.send("x");
      serving.join();
    }
    EXPECT_TRUE(in_time) << "round " << round;
  }
}

task<void> sleep_then_flag(runtime& rt, std::atomic<bool>& woke) {
  const io_result slept = co_await rt.sleep_until(soon(5ms));
  EXPECT_TRUE(slept.ok());
  woke.store(true, std::memory_order_release);  // release: pairs with hold_until()
}

TEST_P(held_worker, does_not_hold_up_its_timers) {
  runtime rt(chosen());
  std::atomic<bool> woke{false};
  bool in_time = false;
  rt.run([](runtime& on, std::atomic<bool>& flag, bool& result) -> task<void> {
    scope<runtime> children(on);
    children.spawn(sleep_then_flag(on, flag));
    co_await on.yield();
    result = hold_until(flag, 20s);
    co_await children.join();
  }(rt, woke, in_time));
  EXPECT_TRUE(in_time);
}

INSTANTIATE_TEST_SUITE_P(steal, held_worker,
                         testing::Values(hold_case{reactor_mode::shared, steal::io_mode::deferred},
                                         hold_case{reactor_mode::per_worker,
                                                   steal::io_mode::deferred},
                                         hold_case{reactor_mode::shared, steal::io_mode::inlined}));

// A wake-up between a worker's last look and its sleep: each round sends all workers to sleep.
class wake_ups : public testing::TestWithParam<std::uint32_t> {};

task<void> count_down(std::atomic<int>& left, steal::event& all_done) {
  if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) all_done.set();
  co_return;
}

TEST_P(wake_ups, of_tasks_from_outside_are_never_lost) {
  constexpr int rounds = 2000;
  runtime rt({.workers = GetParam(), .foreign_threads = true});
  std::atomic<int> ran{0};
  conformance::gate started;
  scope<runtime>* target = nullptr;
  steal::event finished(rt);
  std::thread running([&] {
    rt.run([](runtime& on, scope<runtime>*& children, conformance::gate& ready,
              steal::event& end) -> task<void> {
      scope<runtime> mine(on);
      children = &mine;
      ready.set();
      const io_result ended = co_await end.wait();
      EXPECT_TRUE(ended.ok());
      co_await mine.join();
    }(rt, target, started, finished));
  });
  started.wait();
  for (int round = 0; round < rounds; ++round) {
    target->spawn([](std::atomic<int>& count) -> task<void> {
      count.fetch_add(1, std::memory_order_release);
      co_return;
    }(ran));
    const auto until = soon(20s);
    while (ran.load(std::memory_order_acquire) <= round) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << "lost in round " << round;
      std::this_thread::yield();
    }
  }
  finished.set();
  running.join();
  EXPECT_EQ(ran.load(), rounds);
}

TEST_P(wake_ups, between_tasks_are_never_lost) {
  runtime rt({.workers = GetParam()});
  rt.run([](runtime& on) -> task<void> {
    for (int round = 0; round < 500; ++round) {
      scope<runtime> children(on);
      steal::event all_done(on);
      std::atomic<int> left{300};  // more than a queue holds
      for (int i = 0; i < 300; ++i)
        children.spawn(count_down(left, all_done));
      const io_result done = co_await all_done.wait();
      EXPECT_TRUE(done.ok());
      co_await children.join();
    }
  }(rt));
}

// A stop while all workers sleep, search or run: the end of run() needs every one of them.
TEST_P(wake_ups, of_a_stop_end_every_worker) {
  for (int round = 0; round < 200; ++round) {
    runtime rt({.workers = GetParam()});
    std::thread running([&] {
      rt.run([](runtime& on) -> task<void> {
        const io_result slept = co_await on.sleep_until(soon(1h));
        EXPECT_TRUE(slept.cancelled());
      }(rt));
    });
    if (round % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(round));
    rt.request_stop();
    running.join();
  }
}

INSTANTIATE_TEST_SUITE_P(steal, wake_ups, testing::Values(1U, 2U, 8U));

task<void> yield_until(runtime& on, const std::atomic<bool>& end) {
  while (!end.load(std::memory_order_acquire))  // acquire: pairs with set_flag()
    co_await on.yield();
}

// The shared queue has its turn while every worker is busy.
TEST(steal_shared_queue, is_served_while_all_workers_are_busy) {
  runtime rt({.workers = 2, .foreign_threads = true});
  std::atomic<bool> ran{false};
  conformance::gate busy;
  scope<runtime>* target = nullptr;
  std::thread running([&] {
    rt.run([](runtime& on, std::atomic<bool>& flag, scope<runtime>*& children,
              conformance::gate& ready) -> task<void> {
      scope<runtime> mine(on);
      children = &mine;
      for (int i = 0; i < 8; ++i)
        mine.spawn(yield_until(on, flag));
      ready.set();
      co_await yield_until(on, flag);
      co_await mine.join();
    }(rt, ran, target, busy));
  });
  busy.wait();
  target->spawn(set_flag(ran));
  running.join();
  EXPECT_TRUE(ran.load());
}

// The blocking pool holds no worker, hands on results and failures, and survives more calls than
// threads.
TEST(steal_blocking, calls_run_beside_the_worker) {
  runtime rt({.workers = 1, .blocking_threads = 3});
  std::atomic<bool> flag{false};
  rt.run([](runtime& on, std::atomic<bool>& ran) -> task<void> {
    scope<runtime> children(on);
    children.spawn(set_flag(ran));
    auto call = [&ran] { return hold_until(ran, 20s) ? 42 : 0; };
    auto pending = on.run_blocking(call);
    EXPECT_EQ(co_await pending, 42);
    co_await children.join();
  }(rt, flag));
}

task<void> add_blocking(runtime& rt, std::atomic<int>& sum) {
  auto call = [&sum] { sum.fetch_add(1); };
  auto pending = rt.run_blocking(call);
  co_await pending;
}

task<void> throw_blocking(runtime& rt) {
  auto call = []() -> int { throw std::runtime_error("from the pool"); };
  auto pending = rt.run_blocking(call);
  static_cast<void>(co_await pending);
}

TEST(steal_blocking, more_calls_than_threads_and_failures) {
  runtime rt({.workers = 2, .blocking_threads = 3});
  std::atomic<int> sum{0};
  rt.run([](runtime& on, std::atomic<int>& total) -> task<void> {
    scope<runtime> children(on);
    for (int i = 0; i < 500; ++i)
      children.spawn(add_blocking(on, total));
    co_await children.join();
  }(rt, sum));
  EXPECT_EQ(sum.load(), 500);
  runtime failing({.workers = 2});
  EXPECT_THROW(failing.run(throw_blocking(failing)), std::runtime_error);
}

}  // namespace
}  // namespace tailrace
