// SPDX-License-Identifier: MIT
// accept=shared: one ring accepts for several. Connections are spread evenly, none is lost when a
// ring stops or cannot be reached, and nothing stays behind: the destructor of a runtime checks
// that it has had every message.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtimes/base/sys.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"
#include "runtimes/tests/conformance_harness.hpp"
#include "runtimes/uring/runtime.hpp"

namespace tailrace {

using runtime_under_test = uring::runtime;
inline uring::options options_under_test;
inline std::optional<uring::accept_group> group_under_test;

template <>
struct conformance_harness<uring::runtime> {
  using client = conformance::socket_client;
  static std::unique_ptr<uring::runtime> make() {
    return std::make_unique<uring::runtime>(options_under_test, &*group_under_test);
  }
  static client connect(uring::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
};

}  // namespace tailrace

#include "runtimes/tests/conformance_server.hpp"

namespace tailrace::conformance {
namespace {

using uring::accept_group;

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

std::uint64_t metric_of(server& of, std::string_view name) {
  const runtime_metrics all = of.running().runtime().metrics();
  for (const metric& each : all.workers.at(0))
    if (each.name == name) return each.value;
  for (const metric& each : all.whole)
    if (each.name == name) return each.value;
  throw std::runtime_error("no such metric");
}

task<void> greet_and_echo(R::stream peer, std::string greeting) {
  const io_result sent = co_await peer.send_all(bytes_of(greeting));
  if (sent.ok()) co_await echo(std::move(peer));
}

class uring_accept : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    TAILRACE_NEEDS_URING();
    options_under_test = {};
    options_under_test.shared_accept = true;
    descriptors_ = open_descriptors();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    servers_.clear();
    group_under_test.reset();
    EXPECT_EQ(open_descriptors(), descriptors_);
  }

  void form_group(std::size_t places) { group_under_test.emplace(places); }
  void add_server(session serve) {
    endpoint where;
    where.shared = true;
    if (!servers_.empty()) where.port = servers_.front()->port();
    servers_.push_back(std::make_unique<server>(std::move(serve), where));
  }
  // Each says which it is, and echoes.
  void start_servers(int count) {
    form_group(static_cast<std::size_t>(count));
    for (int index = 0; index < count; ++index)
      add_server([index](R&, R::stream peer) {
        return greet_and_echo(std::move(peer), std::to_string(index));
      });
  }
  std::size_t connect_and_tell(std::vector<client>& peers) {
    peers.push_back(servers_.front()->connect());
    return std::stoul(peers.back().receive(1));
  }

  std::vector<std::unique_ptr<server>> servers_;

 private:
  std::ptrdiff_t descriptors_ = 0;
};

TEST_P(uring_accept, connections_are_spread_evenly) {
  const auto workers = static_cast<std::size_t>(GetParam());
  start_servers(GetParam());
  std::vector<client> peers;
  std::vector<int> served(workers);
  for (std::size_t i = 0; i < 20 * workers; ++i)
    ++served.at(connect_and_tell(peers));
  for (std::size_t index = 0; index < workers; ++index) {
    EXPECT_EQ(served[index], 20) << index;
    EXPECT_EQ(metric_of(*servers_[index], "accepted_per_worker"), 20u) << index;
  }
  EXPECT_EQ(metric_of(*servers_.front(), "handed_over"), 20 * (workers - 1));
}

TEST_P(uring_accept, echoes_come_back_from_every_ring_also_a_tiny_one) {
  options_under_test.entries = 2;
  options_under_test.cq_entries = 2;
  start_servers(GetParam());
  std::vector<client> peers;
  for (int i = 0; i < 60; ++i)
    EXPECT_LT(connect_and_tell(peers), servers_.size());
  for (int round = 0; round < 5; ++round) {
    for (client& peer : peers)
      peer.send(pattern(3000));
    for (client& peer : peers)
      ASSERT_TRUE(peer.receive(3000) == pattern(3000));
  }
}

TEST_P(uring_accept, stops_with_connections_on_their_way) {
  start_servers(GetParam());
  for (auto last = servers_.rbegin(); last != servers_.rend(); ++last) {
    std::vector<client> peers;
    for (int i = 0; i < 50; ++i)
      peers.push_back(servers_.front()->connect());
    (*last)->stop();
  }
}

INSTANTIATE_TEST_SUITE_P(workers, uring_accept, testing::Values(1, 2, 3));

using uring_accepts = uring_accept;

TEST_F(uring_accepts, the_ring_that_lost_its_connections_gets_the_next) {
  start_servers(3);
  std::vector<client> peers;
  std::vector<std::size_t> whose;
  for (int i = 0; i < 12; ++i)
    whose.push_back(connect_and_tell(peers));
  for (std::size_t i = 0; i < whose.size(); ++i)
    if (whose[i] == 2) peers[i].close();
  while (metric_of(*servers_[2], "open_descriptors") != 1)  // its listener
    std::this_thread::yield();
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(connect_and_tell(peers), 2u);
}

TEST_F(uring_accepts, a_ring_that_stopped_gets_none) {
  start_servers(3);
  servers_[1]->stop();
  std::vector<client> peers;
  for (int i = 0; i < 12; ++i)
    EXPECT_NE(connect_and_tell(peers), 1u);
}

// The second place is that of something which takes no messages.
TEST_F(uring_accepts, a_connection_whose_message_is_refused_is_served_by_the_acceptor) {
  const sys::descriptor no_ring = sys::make_eventfd();
  form_group(2);
  add_server(serve_with_echo);
  const endpoint where{.port = servers_.front()->port(), .shared = true};
  ASSERT_NE(group_under_test->follow(nullptr, where, no_ring.get()), nullptr);
  std::vector<client> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(servers_.front()->connect());
    peers.back().send("hello");
    EXPECT_EQ(peers.back().receive(5), "hello");
  }
  EXPECT_GT(metric_of(*servers_.front(), "handed_over"), 0u);
}

// Blocks the thread of its runtime, so that what the loop has queued is not submitted.
struct blockade {
  gate reached;
  gate open;
};

task<void> block_thread(R::stream peer, blockade& at) {
  at.reached.set();
  at.open.wait();
  co_await echo(std::move(peer));
}

// The acceptor has queued a message, and the ring that it is for ends before it is submitted.
TEST_F(uring_accepts, a_message_to_a_ring_that_ends_is_awaited_and_its_connection_closed) {
  std::vector<blockade> blockades(2);
  std::size_t blocked = 0;
  form_group(2);
  add_server([&](R&, R::stream peer) {
    return block_thread(std::move(peer), blockades.at(std::min<std::size_t>(blocked++, 1)));
  });
  gate served_by_second;
  add_server([&](R&, R::stream peer) {
    served_by_second.set();
    return echo(std::move(peer));
  });
  client first = servers_.front()->connect();
  blockades[0].reached.wait();
  client handed_over = servers_.front()->connect();  // both wait in the backlog
  client kept = servers_.front()->connect();
  blockades[0].open.set();
  blockades[1].reached.wait();
  EXPECT_EQ(metric_of(*servers_.front(), "handed_over"), 1u);
  servers_[1]->running().request_stop();
  // Its tasks have ended. It would end at once, if it did not wait for the message; instead it
  // enters the kernel again and again.
  while (metric_of(*servers_[1], "open_descriptors") != 0)
    std::this_thread::yield();
  const std::uint64_t entered = metric_of(*servers_[1], "enters");
  while (metric_of(*servers_[1], "enters") < entered + 5 && !servers_[1]->running().returned())
    std::this_thread::yield();
  EXPECT_FALSE(servers_[1]->running().returned());
  blockades[1].open.set();
  servers_.pop_back();
  EXPECT_EQ(handed_over.receive(1), "");
  EXPECT_FALSE(served_by_second.is_set());
  kept.send("still here");
  EXPECT_EQ(kept.receive(10), "still here");
  servers_.clear();  // before what their tasks refer to
}

task<void> listen_elsewhere(R& runtime, bool& refused) {
  const auto first = runtime.listen({});
  endpoint taken;
  taken.port = first->port();
  refused = !runtime.listen(taken);
  co_return;
}

TEST_F(uring_accepts, a_listener_elsewhere_is_its_runtimes_own) {
  start_servers(1);
  bool refused = false;
  on_thread other([&](R& runtime) { return listen_elsewhere(runtime, refused); });
  other.join();
  EXPECT_TRUE(refused);
}

TEST_F(uring_accepts, says_by_what_it_is_woken) {
  for (const bool by_message : {true, false}) {
    options_under_test.wake_by_message = by_message;
    form_group(1);
    const bool granted = by_message && uring::probe_kernel()->sync_message;
    const auto runtime = harness::make();
    const auto told = runtime->granted();
    EXPECT_TRUE(std::ranges::count(told, std::pair<std::string, std::string>(
                                             "wake", granted ? "msg_ring" : "eventfd")) == 1);
  }
}

TEST(uring_accept_group, gives_to_whom_has_the_fewest) {
  accept_group group(2);
  const endpoint where{.port = 7, .shared = true};
  EXPECT_EQ(group.follow(nullptr, where, 11), nullptr);  // nobody listens yet
  accept_group::place* const first = group.lead(nullptr, 7, 10);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(group.lead(nullptr, 8, 12), nullptr);
  EXPECT_EQ(group.follow(nullptr, {.port = 8, .shared = true}, 11), nullptr);
  EXPECT_EQ(group.follow(nullptr, {.port = 7, .shared = false}, 11), nullptr);
  accept_group::place* const second = group.follow(nullptr, where, 11);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(group.follow(nullptr, where, 13), nullptr);  // no place is left
  EXPECT_EQ(&group.choose(*first), first);
  EXPECT_EQ(&group.choose(*first), second);
  EXPECT_EQ(group.messages_to(*second), 1u);
  EXPECT_EQ(group.messages_to(*first), 0u);
  EXPECT_EQ(&group.choose(*first), first);
  second->ended.add(1);
  EXPECT_EQ(&group.choose(*first), second);
  group.take_back(second->index, *first);
  EXPECT_EQ(group.messages_to(*second), 1u);
  group.leave(*second);
  EXPECT_EQ(&group.choose(*first), first);
  group.leave(*first);
  EXPECT_EQ(group.follow(second, where, 11), nullptr);  // nobody listens any more
  EXPECT_EQ(group.lead(first, 9, 10), first);
  EXPECT_EQ(group.follow(second, {.port = 9, .shared = true}, 11), second);
}

}  // namespace
}  // namespace tailrace::conformance
