// SPDX-License-Identifier: MIT
// Conformance: many connections, greedy neighbours, refused accepts, leaks. Include only from
// conformance.hpp.
#pragma once

#include <malloc.h>

#include <filesystem>

#include "runtimes/extensions.hpp"
#include "runtimes/tests/conformance_scopes.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TAILRACE_SANITIZED true
#endif
#endif
#ifndef TAILRACE_SANITIZED
#define TAILRACE_SANITIZED false
#endif
#if TAILRACE_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

namespace tailrace::conformance {

// As many connections as the open-file limit permits with both ends in this process, at most
// `wanted`.
inline int affordable_connections(int wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto affordable = limit.rlim_cur / 2 - 100;
  return affordable < static_cast<rlim_t>(wanted) ? static_cast<int>(affordable) : wanted;
}

// As many as the runtime serves at once (extensions.hpp), at most `wanted`.
template <class Tested>
int connections_for(const Tested& runtime, int wanted) {
  if constexpr (LimitsTasks<Tested>)
    return std::min(wanted, static_cast<int>(runtime.task_limit()));
  else
    return wanted;
}

TEST(conformance, thousands_of_connections_are_served_at_once) {
  const int wanted = R::single_threaded && !TAILRACE_SANITIZED ? 10'000 : 1'000;
  server served(serve_with_echo);
  std::vector<client> peers;
  const int count = connections_for(served.running().runtime(), affordable_connections(wanted));
  for (int i = 0; i < count; ++i)
    peers.push_back(served.connect());
  const auto message = [](int i) { return "connection " + std::to_string(i); };
  for (int i = 0; i < count; ++i)
    peers[static_cast<std::size_t>(i)].send(message(i));
  for (int i = 0; i < count; ++i)
    ASSERT_EQ(peers[static_cast<std::size_t>(i)].receive(message(i).size()), message(i));
  for (client& peer : peers)
    peer.reset();  // No TIME_WAIT: the next test needs ports too.
}

inline void connect_and_leave(server& served, int times) {
  for (int i = 0; i < times; ++i) {
    client peer = served.connect();
    peer.send("in and out");
    ASSERT_EQ(peer.receive(10), "in and out");
    if (i % 4 == 0) {
      peer.end();
      ASSERT_EQ(peer.receive(1), "");
    }
    peer.reset();
  }
  client last = served.connect();  // By now the server has seen the ends of the others.
  last.send("x");
  ASSERT_EQ(last.receive(1), "x");
  last.end();
  ASSERT_EQ(last.receive(1), "");
}

// As many at once as churn may have: a runtime keeps what so many needed.
inline void live_at_once(server& served) {
  std::vector<client> peers;
  for (int i = 0; i < 8; ++i)
    peers.push_back(served.connect());
  for (client& peer : peers)
    peer.send("x");
  for (client& peer : peers) {
    EXPECT_EQ(peer.receive(1), "x");
    peer.end();
    EXPECT_EQ(peer.receive(1), "");
  }
}

// A race that is suppressed starts a sanitizer's symbolizer, whose pipes stay open: start it now.
inline void start_symbolizer() {
#if TAILRACE_SANITIZED
  char name[64];
  __sanitizer_symbolize_pc(reinterpret_cast<void*>(&start_symbolizer), "%f", name, sizeof name);
#endif
}

inline std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// What they are, for the message of a failure.
inline std::string descriptor_names() {
  std::string names;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the directory itself
    names += each.path().filename().string() + " " +
             std::filesystem::read_symlink(each.path(), gone).string() + "\n";
  }
  return names;
}

// Of the heap, where the C library tells (glibc); else, and under a sanitizer, 0.
inline std::size_t bytes_in_use() {
#if defined(__GLIBC__)
  return ::mallinfo2().uordblks;
#else
  return 0;
#endif
}

// A leak grows with every round, what a library keeps only until it has enough.
TEST(conformance, churn_leaks_neither_descriptors_nor_memory) {
  constexpr int churned = 500;
  start_symbolizer();
  {
    server first(serve_with_echo);
  }  // A library may keep descriptors for the process (libuv: two).
  const std::ptrdiff_t before = open_descriptors();
  const std::string names_before = descriptor_names();
  {
    server served(serve_with_echo);
    live_at_once(served);
    std::size_t least_growth = SIZE_MAX;
    std::ptrdiff_t fewest_left = PTRDIFF_MAX;
    for (int round = 0; round < 4; ++round) {
      const std::size_t bytes = bytes_in_use();
      const std::ptrdiff_t open = open_descriptors();
      connect_and_leave(served, churned);
      least_growth = std::min(least_growth, std::max(bytes_in_use(), bytes) - bytes);
      fewest_left = std::min(fewest_left, open_descriptors() - open);
    }
    // Sessions that the system has not scheduled yet may still hold theirs.
    EXPECT_LT(fewest_left, churned / 4);
    // Threads other than the test's and the runtime's would blur it.
    if (R::single_threaded) {
      EXPECT_LT(least_growth, churned * sizeof(void*));
    }
  }
  EXPECT_EQ(open_descriptors(), before) << "before:\n"
                                        << names_before << "after:\n"
                                        << descriptor_names();
}

TEST(conformance, a_firehose_does_not_starve_another_client) {
  server served(serve_with_echo);
  client greedy = served.connect();
  client modest = served.connect();
  std::atomic<bool> done{false};
  const std::string much = pattern(96 * 1024);
  gate gushing;
  std::thread hose([&] {  // Waits for nothing; the next test is one that is ready for certain.
    while (!done.load(std::memory_order_relaxed))
      greedy.send(much);
    greedy.end();
  });
  std::thread drain([&] {
    for (bool ended = false; !ended; gushing.set()) {
      const std::string got = greedy.receive(much.size());
      ended = got.empty();
      EXPECT_TRUE(ended || got == much);
    }
  });
  gushing.wait();
  for (int i = 0; i < 200; ++i) {
    modest.send("small");
    EXPECT_EQ(modest.receive(5), "small");
  }
  done.store(true, std::memory_order_relaxed);
  hose.join();
  drain.join();
}

// Receives as fast as the runtime lets it: the end of a stream can be received again and again.
inline task<void> receive_greedily(R::stream peer, std::atomic<bool>& enough) {
  while (!enough.load(std::memory_order_relaxed)) {
    const auto received = co_await peer.receive();
    if (!received.status().ok()) break;
  }
}

inline task<void> say_enough(R::stream peer, std::atomic<bool>& enough) {
  const auto received = co_await peer.receive();
  enough.store(true, std::memory_order_relaxed);
  const io_result sent = co_await peer.send_all(bytes_of("thanks"));
  EXPECT_TRUE(sent.ok());
}

TEST(conformance, a_session_that_is_always_ready_does_not_starve_another) {
  std::atomic<bool> enough{false};
  std::atomic<bool> first{true};
  server served([&](R&, R::stream peer) {
    return first.exchange(false, std::memory_order_relaxed)
               ? receive_greedily(std::move(peer), enough)
               : say_enough(std::move(peer), enough);
  });
  client greedy = served.connect();
  greedy.end();
  client modest = served.connect();
  modest.send("please");
  EXPECT_EQ(modest.receive(6), "thanks");
  EXPECT_EQ(greedy.receive(1), "");
}

inline task<void> yield_until(R& runtime, gate& until) {
  while (!until.is_set())
    co_await runtime.yield();
}

inline task<void> yield_until_served(R& runtime, R::stream peer) {
  gate answered;
  scope<R> children(runtime);
  children.spawn(yield_until(runtime, answered));
  {
    const auto received = co_await peer.receive();
    EXPECT_TRUE(received.status().ok());
  }
  answered.set();
  co_await children.join();
}

TEST(conformance, tasks_that_only_yield_do_not_starve_input) {
  server served(
      [](R& runtime, R::stream peer) { return yield_until_served(runtime, std::move(peer)); });
  client peer = served.connect();
  peer.send("x");
  EXPECT_EQ(peer.receive(1), "");
}

// accept_all, but goes on after a refusal.
inline task<void> accept_stubbornly(R& runtime, listening& at, gate& refused) {
  const endpoint where;
  auto listener = runtime.listen(where);
  at.port = listener->port();
  at.known.set();
  scope<R> sessions(runtime);
  for (;;) {
    auto peer = co_await listener->accept();
    if (peer) {
      sessions.spawn(echo(std::move(*peer)));
      continue;
    }
    if (peer.error() == ECANCELED) break;
    EXPECT_EQ(peer.error(), EMFILE);
    refused.set();
    const steady_time soon = now() + std::chrono::milliseconds(1);
    const io_result slept = co_await runtime.sleep_until(soon);
    if (!slept.ok()) break;
  }
  co_await sessions.join();
}

TEST(conformance, accept_without_descriptors_is_a_value_and_the_listener_lives_on) {
  listening at;
  gate refused;
  on_thread running([&](R& runtime) { return accept_stubbornly(runtime, at, refused); });
  at.known.wait();
  client warm = harness::connect(running.runtime(), at.port, 0);
  warm.send("x");
  EXPECT_EQ(warm.receive(1), "x");
  {
    const auto famine = harness::starve(running.runtime());
    famine->free_one();
    client unlucky = harness::connect(running.runtime(), at.port, 0);
    // A library may turn the connection away by itself instead of telling.
    while (!refused.is_set() && !unlucky.ended_within(std::chrono::milliseconds(5))) {
    }
    warm.send("y");  // Those inside are served meanwhile.
    EXPECT_EQ(warm.receive(1), "y");
  }
  client lucky = harness::connect(running.runtime(), at.port, 0);
  lucky.send("z");
  EXPECT_EQ(lucky.receive(1), "z");
}

}  // namespace tailrace::conformance
