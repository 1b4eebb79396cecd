// SPDX-License-Identifier: MIT
// What the work-stealing runtime counts and times. No timing is asserted: a long poll burns until
// what it waits for has happened elsewhere, or a generous limit has passed.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "runtimes/steal/runtime.hpp"
#include "runtimes/tests/conformance_client.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;
using steal::runtime;

std::uint64_t value_in(const std::vector<metric>& metrics, std::string_view name) {
  for (const metric& each : metrics)
    if (each.name == name) return each.value;
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

// Over all workers.
std::uint64_t sum_of(const runtime_metrics& metrics, std::string_view name) {
  std::uint64_t sum = 0;
  for (const auto& worker : metrics.workers)
    sum += value_in(worker, name);
  return sum;
}

std::uint64_t samples_of(const runtime_metrics& metrics, std::string_view name) {
  for (const distribution& each : metrics.distributions) {
    if (each.name != name) continue;
    std::uint64_t sum = 0;
    for (const auto& bucket : each.buckets)
      sum += bucket.count;
    return sum;
  }
  ADD_FAILURE() << "no distribution " << name;
  return 0;
}

task<void> yield_often(runtime& on, int times) {
  for (int i = 0; i < times; ++i)
    co_await on.yield();
}

task<void> spawn_yielders(runtime& on, int tasks, int times) {
  scope<runtime> children(on);
  for (int i = 0; i < tasks; ++i)
    children.spawn(yield_often(on, times));
  co_await children.join();
}

task<void> note_that_it_runs(std::atomic<int>& ran) {
  ran.fetch_add(1, std::memory_order_release);  // release: pairs with hold_while_others_run()
  co_return;
}

// Holds its worker until one of its children has run on another.
task<void> hold_while_others_run(runtime& on, std::atomic<int>& ran) {
  scope<runtime> children(on);
  for (int i = 0; i < 8; ++i)
    children.spawn(note_that_it_runs(ran));
  const auto until = std::chrono::steady_clock::now() + 20s;
  // acquire: pairs with note_that_it_runs().
  while (ran.load(std::memory_order_acquire) == 0 && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_GT(ran.load(std::memory_order_acquire), 0);
  co_await children.join();
}

TEST(steal_metrics, count_the_theft_from_a_worker_in_a_long_poll) {
  runtime rt({.workers = 2});
  std::atomic<int> ran{0};
  rt.run(hold_while_others_run(rt, ran));
  const runtime_metrics metrics = rt.metrics();
  ASSERT_EQ(metrics.workers.size(), 2U);
  EXPECT_GE(sum_of(metrics, "steal_operations"), 1U);
  EXPECT_GE(sum_of(metrics, "steals"), 1U);
  EXPECT_EQ(value_in(metrics.whole, "tasks_spawned"), 9U);
  EXPECT_EQ(value_in(metrics.whole, "tasks_finished"), 9U);
  EXPECT_EQ(value_in(metrics.whole, "remote_schedules"), 1U);  // main, spawned by run()
  EXPECT_EQ(sum_of(metrics, "queue_depth"), 0U);
}

TEST(steal_metrics, have_the_names_of_the_protocol) {
  std::ifstream file(TAILRACE_PROTOCOL);
  const std::string protocol(std::istreambuf_iterator<char>(file), {});
  runtime rt({.workers = 1, .stall_threshold = 1s});
  const runtime_metrics metrics = rt.metrics();
  for (const auto& names : {metrics.workers.front(), metrics.whole})
    for (const metric& each : names)
      EXPECT_NE(protocol.find("`" + std::string(each.name) + "`"), std::string::npos) << each.name;
}

TEST(steal_metrics, count_each_poll_of_each_task) {
  runtime rt({.workers = 1});
  rt.run(spawn_yielders(rt, 5, 10));
  // A yielder is resumed once to start and once a yield; main to start and after its join.
  EXPECT_EQ(sum_of(rt.metrics(), "polls"), 5U * 11 + 2);
}

task<void> exchange(runtime& on, conformance::gate& listening, std::uint16_t& port) {
  auto listener = on.listen({});
  port = listener->port();
  listening.set();
  auto peer = co_await listener->accept();
  const auto bytes = co_await peer->receive();
  EXPECT_TRUE(bytes.status().ok());
  const io_result sent = co_await peer->send_all(bytes.bytes());
  EXPECT_TRUE(sent.ok());
}

TEST(steal_metrics, count_the_yields_that_a_budget_of_one_forces) {
  for (const std::uint32_t workers : {1U, 2U}) {
    runtime rt({.workers = workers, .coop = 1});
    conformance::gate listening;
    std::uint16_t port = 0;
    std::thread serving([&] { rt.run(exchange(rt, listening, port)); });
    listening.wait();
    {
      conformance::socket_client client(port);
      client.send("hello");
      EXPECT_EQ(client.receive(5), "hello");
    }
    serving.join();
    EXPECT_GT(sum_of(rt.metrics(), "forced_yields"), 0U) << workers << " workers";
    EXPECT_EQ(value_in(rt.metrics().whole, "open_descriptors"), 0U);
  }
}

TEST(steal_metrics, time_every_poll_and_some_waits) {
  for (const std::uint32_t workers : {1U, 2U}) {
    runtime rt({.workers = workers, .measure_tasks = true});
    rt.run(spawn_yielders(rt, 100, 20));
    const runtime_metrics metrics = rt.metrics();
    EXPECT_EQ(samples_of(metrics, "poll_time_ns"), sum_of(metrics, "polls"));
    const std::uint64_t waits = samples_of(metrics, "schedule_latency_ns");
    // One at a time is timed: with each round of all tasks a new one begins.
    EXPECT_GE(waits, 10U);
    EXPECT_LE(waits, sum_of(metrics, "polls"));
  }
}

TEST(steal_metrics, time_the_wait_of_a_task_that_was_stolen) {
  runtime rt({.workers = 2, .lifo = steal::lifo_mode::off, .measure_tasks = true});
  std::atomic<int> ran{0};
  rt.run(hold_while_others_run(rt, ran));
  // The first child was timed on the held worker, and whoever ran it says so.
  EXPECT_GE(samples_of(rt.metrics(), "schedule_latency_ns"), 1U);
}

TEST(steal_metrics, time_nothing_unless_asked) {
  runtime rt({.workers = 2});
  rt.run(spawn_yielders(rt, 10, 2));
  EXPECT_TRUE(rt.metrics().distributions.empty());
}

}  // namespace
}  // namespace tailrace
