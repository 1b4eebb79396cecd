// SPDX-License-Identifier: MIT
// What only the threads runtime promises: its threads, their stacks and what is untouched on them.
// What every runtime must do is in conformance_threads_test.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtimes/tests/conformance_client.hpp"
#include "runtimes/tests/test_where.hpp"
#include "runtimes/threads/runtime.hpp"
#include "workloads/idle.hpp"

namespace tailrace {
namespace {

using threads::runtime;

using conformance::socket_client;

// Waits for what another thread brings about; false after ten seconds.
bool eventually(const std::function<bool()>& happened) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!happened()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::unique_ptr<runtime> runtime_with_stacks(std::size_t stack_kib) {
  const threads::options chosen{.stack_kib = stack_kib};
  return std::make_unique<runtime>(chosen);
}

// Serves echo on a thread of its own until stopped or destroyed.
template <class R>
class server_of {
 public:
  explicit server_of(std::unique_ptr<R> made = std::make_unique<R>())
      : owner(std::move(made)), listener_(owner->listen({}).value()), port(listener_.port()) {
    thread_ = std::thread([this] { owner->run(serve_echo<R>(*owner, listener_, counts)); });
  }
  ~server_of() { stop(); }

  void stop() {
    owner->request_stop();
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t open() const { return counts.accepted.get() - counts.closed.get(); }

  counts_of<R> counts;
  std::unique_ptr<R> owner;

 private:
  R::listener listener_;
  std::thread thread_;

 public:
  const std::uint16_t port;
};
using echo_server = server_of<runtime>;
using pool_server = server_of<threads::pool_runtime>;

std::unique_ptr<threads::pool_runtime> pool_of(std::size_t threads, std::size_t stack_kib = 0) {
  const threads::options chosen{.stack_kib = stack_kib, .pool_threads = threads};
  return std::make_unique<threads::pool_runtime>(chosen);
}

std::uint64_t metric_of(const threads::pool_runtime& owner, std::string_view name) {
  for (const metric& each : owner.metrics().whole)
    if (each.name == name) return each.value;
  return UINT64_MAX;
}

// From /proc/self/status.
std::size_t kib_of(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == field + ":" && status >> kib) return kib;
  }
  return 0;
}

// A thread's last act, after its task. The pause makes a join that does not wait for it show; no
// outcome depends on its length.
struct late_leaver {
  std::atomic<int>* left = nullptr;
  ~late_leaver() {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    left->fetch_add(1, std::memory_order_relaxed);
  }
};

task<void> leaves_late(std::thread::id& thread, std::atomic<int>& left) {
  thread = std::this_thread::get_id();
  thread_local late_leaver leaver;
  leaver.left = &left;
  co_return;
}

task<void> counts_leavers(runtime& owner, std::atomic<int>& left, int& left_at_join) {
  scope<runtime> children(owner);
  std::thread::id own[8];
  for (std::thread::id& each : own)
    children.spawn(leaves_late(each, left));
  co_await children.join();
  left_at_join = left.load(std::memory_order_relaxed);
  for (const std::thread::id& each : own)
    EXPECT_NE(each, std::this_thread::get_id());
}

TEST(threads, no_thread_outlives_its_scope) {
  for (int round = 0; round < 20; ++round) {
    runtime owner;
    std::atomic<int> left{0};
    int left_at_join = 0;
    owner.run(counts_leavers(owner, left, left_at_join));
    ASSERT_EQ(left_at_join, 8);
  }
}

// Each unjoined thread would keep its 8 MiB stack mapped.
TEST(threads, a_server_reaps_the_threads_of_closed_connections_as_it_goes) {
  echo_server server;
  std::size_t before = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    socket_client client(server.port);
    client.send("x");
    EXPECT_EQ(client.receive(1), "x");
    client.end();
    EXPECT_EQ(client.receive(1), "");
    ASSERT_TRUE(eventually([&] { return server.counts.closed.get() == i + 1; }));
    if (i == 100) before = kib_of("VmSize");
  }
  EXPECT_LT(kib_of("VmSize"), before + 300 * 1024);
}

constexpr std::size_t impossible_kib = std::size_t{1} << 38;

// A stack that no address space holds stands for a limit on threads: both are EAGAIN.
TEST(threads, a_connection_whose_thread_is_refused_is_closed_and_counted) {
  echo_server server(runtime_with_stacks(impossible_kib));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    socket_client client(server.port);
    EXPECT_TRUE(client.ended_within(conformance::patience));
    EXPECT_TRUE(eventually([&] { return server.counts.closed.get() == i; }));
  }
  server.stop();
  EXPECT_EQ(server.owner->refused_threads(), 3u);
  EXPECT_EQ(server.counts.accepted.get(), 3u);
  EXPECT_EQ(server.counts.errors.get(), 3u);
}

TEST(threads, a_sleep_without_a_thread_is_refused_and_has_not_woken_early) {
  const auto made = runtime_with_stacks(impossible_kib);
  counts_of<runtime> counts;
  made->run(sleep_all<runtime>(*made, 5, counts));
  EXPECT_EQ(counts.refused.get(), 5u);
  EXPECT_EQ(counts.woken_early.get(), 0u);
}

TEST(threads, small_stacks_serve_large_messages) {
  echo_server server(runtime_with_stacks(threads::thread_attributes::stack_kib_least));
  socket_client client(server.port);
  const std::string message = std::string(1'000'000, 'm');
  std::thread sender([&] { client.send(message); });
  EXPECT_TRUE(client.receive(message.size()) == message);
  sender.join();
}

// The buffer of a connection that never received is untouched: 100 of them stay well below
// 100 * 64 KiB of resident memory.
// Not with a sanitizer, which adds memory of its own to a thread.
TEST_WHERE(TAILRACE_RECYCLES_FRAMES, threads, idle_connections_touch_no_receive_buffer) {
  echo_server server;
  std::vector<socket_client> clients;
  const auto open = [&](std::size_t count) {
    while (clients.size() < count)
      clients.emplace_back(server.port);
    return eventually([&] { return server.open() == count; });
  };
  ASSERT_TRUE(open(20));
  const std::size_t before = kib_of("VmRSS");
  ASSERT_TRUE(open(220));
  EXPECT_LT(kib_of("VmRSS"), before + 200 * 32);
}

TEST(threads_pool, a_connection_beyond_the_pool_is_served_once_another_ends) {
  pool_server server(pool_of(2));
  std::vector<socket_client> served;
  for (int i = 0; i < 2; ++i) {
    served.emplace_back(server.port);
    served.back().send("x");
    EXPECT_EQ(served.back().receive(1), "x");
  }
  socket_client third(server.port);
  third.send("y");
  EXPECT_TRUE(eventually([&] { return metric_of(*server.owner, "inject_depth") == 1; }));
  served[0].send("still");
  EXPECT_EQ(served[0].receive(5), "still");
  EXPECT_EQ(metric_of(*server.owner, "inject_depth"), 1u);
  served[0].end();
  EXPECT_EQ(third.receive(1), "y");
  EXPECT_EQ(metric_of(*server.owner, "threads_alive"), 2u);
}

TEST(threads_pool, connections_that_wait_are_closed_by_a_stop) {
  pool_server server(pool_of(1));
  socket_client served(server.port);
  served.send("x");
  EXPECT_EQ(served.receive(1), "x");
  socket_client waiting(server.port);
  EXPECT_TRUE(eventually([&] { return server.counts.accepted.get() == 2; }));
  server.stop();
  EXPECT_TRUE(waiting.ended_within(conformance::patience));
  EXPECT_EQ(server.counts.closed.get(), 2u);
  EXPECT_EQ(server.counts.errors.get(), 0u);
}

task<void> count_and_block(std::atomic<int>& running, int all, conformance::gate& open) {
  if (running.fetch_add(1) + 1 == all) open.set();
  open.wait();
  co_return;
}

task<void> spawn_all(threads::pool_runtime& owner, int count, std::atomic<int>& running, int all,
                     conformance::gate& open) {
  scope<threads::pool_runtime> children(owner);
  for (int i = 0; i < count; ++i)
    children.spawn(count_and_block(running, all, open));
  co_await children.join();
}

// Spawned from several threads at once, all of them run at once: none counts on another's thread.
task<void> spawn_from_many(threads::pool_runtime& owner, int spawners, int each,
                           std::atomic<int>& running, conformance::gate& open) {
  scope<threads::pool_runtime> children(owner);
  for (int i = 0; i < spawners; ++i)
    children.spawn(spawn_all(owner, each, running, spawners * each, open));
  co_await children.join();
}

TEST(threads_pool, tasks_within_the_limit_all_run_at_once) {
  for (int round = 0; round < 10; ++round) {
    const auto owner = pool_of(200, 128);
    std::atomic<int> running{0};
    conformance::gate open;
    owner->run(spawn_from_many(*owner, 4, 40, running, open));
    EXPECT_EQ(running.load(), 160);
  }
}

TEST(threads_pool, its_threads_are_kept_and_end_with_the_run) {
  pool_server server(pool_of(8));
  for (int i = 0; i < 100; ++i) {
    socket_client client(server.port);
    client.send("x");
    EXPECT_EQ(client.receive(1), "x");
    client.end();
    EXPECT_EQ(client.receive(1), "");
  }
  const std::uint64_t alive = metric_of(*server.owner, "threads_alive");
  EXPECT_GE(alive, 1u);
  EXPECT_LE(alive, 8u);
  server.stop();
  EXPECT_EQ(metric_of(*server.owner, "threads_alive"), 0u);
}

TEST(threads_pool, where_it_gets_no_thread_at_all_the_connection_is_closed_and_counted) {
  pool_server server(pool_of(4, impossible_kib));
  socket_client client(server.port);
  EXPECT_TRUE(client.ended_within(conformance::patience));
  server.stop();
  EXPECT_EQ(server.owner->refused_threads(), 1u);
  EXPECT_EQ(server.counts.errors.get(), 1u);
}

}  // namespace
}  // namespace tailrace
