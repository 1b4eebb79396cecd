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

#include "conformance_client.hpp"
#include "echo.hpp"
#include "threads/runtime.hpp"

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

// Serves echo on a thread of its own until stopped or destroyed.
class echo_server {
 public:
  explicit echo_server(std::unique_ptr<runtime> made = std::make_unique<runtime>())
      : owner(std::move(made)), listener_(owner->listen({}).value()), port(listener_.port()) {
    thread_ = std::thread([this] { owner->run(serve_echo<runtime>(*owner, listener_, counts)); });
  }
  ~echo_server() { stop(); }

  void stop() {
    owner->request_stop();
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t open() const { return counts.accepted.get() - counts.closed.get(); }

  counts_of<runtime> counts;
  std::unique_ptr<runtime> owner;

 private:
  runtime::listener listener_;
  std::thread thread_;

 public:
  const std::uint16_t port;
};

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

// A stack that no address space holds stands for a limit on threads: both are EAGAIN.
TEST(threads, a_connection_whose_thread_is_refused_is_closed_and_counted) {
  constexpr std::size_t impossible_kib = std::size_t{1} << 38;
  echo_server server(std::make_unique<runtime>(impossible_kib));
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

TEST(threads, small_stacks_serve_large_messages) {
  echo_server server(std::make_unique<runtime>(threads::thread_attributes::stack_kib_least));
  socket_client client(server.port);
  const std::string message = std::string(1'000'000, 'm');
  std::thread sender([&] { client.send(message); });
  EXPECT_TRUE(client.receive(message.size()) == message);
  sender.join();
}

// The buffer of a connection that never received is untouched: 100 of them stay well below
// 100 * 64 KiB of resident memory.
TEST(threads, idle_connections_touch_no_receive_buffer) {
  if (!TAILRACE_RECYCLES_FRAMES) GTEST_SKIP() << "sanitizers add memory of their own to a thread";
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

}  // namespace
}  // namespace tailrace
