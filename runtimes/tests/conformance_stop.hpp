// SPDX-License-Identifier: MIT
// Conformance: how a request to stop reaches tasks. Include only from conformance.hpp.
#pragma once

#include "runtimes/tests/conformance_streams.hpp"

namespace tailrace::conformance {

inline constexpr steady_time never = steady_time::max();

inline task<void> sleep_into(R& runtime, steady_time deadline, outcome& slept) {
  const io_result result = co_await runtime.sleep_until(deadline);
  slept.set(result);
}

inline task<void> sleep_and_announce(R& runtime, outcome& slept, gate& settled) {
  scope<R> children(runtime);
  children.spawn(sleep_into(runtime, never, slept));
  children.spawn(announce(runtime, settled));
  co_await children.join();
}

TEST(conformance, stop_cancels_a_sleep) {
  outcome slept;
  gate settled;
  on_thread running([&](R& runtime) { return sleep_and_announce(runtime, slept, settled); });
  settled.wait();
  running.stop();
  EXPECT_EQ(slept.wait().error(), ECANCELED);
}

inline task<void> receive_and_announce(R& runtime, R::stream peer, outcome& received,
                                       gate& settled) {
  scope<R> children(runtime);
  children.spawn(receive_into(peer, received));
  children.spawn(announce(runtime, settled));
  co_await children.join();
}

TEST(conformance, stop_cancels_a_receive) {
  outcome received;
  gate settled;
  server served([&](R& runtime, R::stream peer) {
    return receive_and_announce(runtime, std::move(peer), received, settled);
  });
  client peer = served.connect();
  settled.wait();
  served.stop();
  EXPECT_EQ(received.wait().error(), ECANCELED);
  EXPECT_EQ(peer.receive(1), "");
}

inline task<void> send_until_stopped(R::stream peer, const std::string& much, outcome& sent) {
  const io_result result = co_await peer.send_all(bytes_of(much));
  sent.set(result);
}

TEST(conformance, stop_cancels_a_send) {
  const std::string much(64 * 1024 * 1024, 'm');
  outcome sent;
  server served(
      [&](R&, R::stream peer) { return send_until_stopped(std::move(peer), much, sent); });
  client peer = served.connect(4096);
  EXPECT_EQ(peer.receive(1), "m");
  served.stop();
  EXPECT_EQ(sent.wait().error(), ECANCELED);
}

inline task<void> accept_into(R::listener& listener, outcome& accepted) {
  const auto peer = co_await listener.accept();
  accepted.set(peer ? io_result::of_count(1) : io_result::of_error(peer.error()));
}

inline task<void> accept_and_announce(R& runtime, outcome& accepted, gate& settled) {
  const endpoint where;
  auto listener = runtime.listen(where);
  scope<R> children(runtime);
  children.spawn(accept_into(*listener, accepted));
  children.spawn(announce(runtime, settled));
  co_await children.join();
}

TEST(conformance, stop_cancels_an_accept) {
  outcome accepted;
  gate settled;
  on_thread running([&](R& runtime) { return accept_and_announce(runtime, accepted, settled); });
  settled.wait();
  running.stop();
  EXPECT_EQ(accepted.wait().error(), ECANCELED);
}

struct late_results {
  int slept = 0, received = 0, sent = 0, accepted = 0;
};

inline task<void> operate_after_stop(R& runtime, R::stream peer, late_results& results, gate& begun,
                                     gate& done) {
  begun.set();
  const io_result woken = co_await runtime.sleep_until(never);
  EXPECT_EQ(woken.error(), ECANCELED);
  const bool stopped = co_await stop_requested();
  EXPECT_TRUE(stopped);
  const io_result slept = co_await runtime.sleep_until(never);
  results.slept = slept.error();
  {
    const auto received = co_await peer.receive();
    results.received = received.status().error();
  }
  const io_result sent = co_await peer.send_all(bytes_of("x"));
  results.sent = sent.error();
  const endpoint where;
  auto listener = runtime.listen(where);
  const auto accepted = co_await listener->accept();
  results.accepted = accepted ? 0 : accepted.error();
  co_await runtime.yield();  // A stop does not end yields.
  done.set();
}

TEST(conformance, operations_of_a_stopped_task_are_cancelled_at_once) {
  late_results results;
  gate begun;
  gate done;
  server served([&](R& runtime, R::stream peer) {
    return operate_after_stop(runtime, std::move(peer), results, begun, done);
  });
  client peer = served.connect();
  peer.send("there to be read, and still not received");
  begun.wait();
  served.stop();
  EXPECT_TRUE(done.is_set());
  EXPECT_EQ(results.slept, ECANCELED);
  EXPECT_EQ(results.received, ECANCELED);
  EXPECT_EQ(results.sent, ECANCELED);
  EXPECT_EQ(results.accepted, ECANCELED);
}

// Which thread is inside a call that must not resume anything.
using inside_call = std::atomic<std::thread::id>;

inline task<void> wake_outside(R& runtime, inside_call& inside, std::atomic<int>& woken) {
  const io_result slept = co_await runtime.sleep_until(never);
  EXPECT_EQ(slept.error(), ECANCELED);
  EXPECT_NE(inside.load(std::memory_order_relaxed), std::this_thread::get_id());
  woken.fetch_add(1, std::memory_order_relaxed);
}

inline task<void> stop_children(R& runtime, inside_call& inside, std::atomic<int>& woken) {
  scope<R> children(runtime);
  for (int i = 0; i < 3; ++i)
    children.spawn(wake_outside(runtime, inside, woken));
  co_await runtime.yield();
  inside.store(std::this_thread::get_id(), std::memory_order_relaxed);
  children.request_stop();
  inside.store(std::thread::id(), std::memory_order_relaxed);
  co_await children.join();
}

TEST(conformance, a_request_to_stop_resumes_nobody_inside_the_call) {
  inside_call inside;
  std::atomic<int> woken{0};
  on_thread running([&](R& runtime) { return stop_children(runtime, inside, woken); });
  running.join();
  EXPECT_EQ(woken.load(std::memory_order_relaxed), 3);
}

inline task<void> receive_outside(R::stream& peer, inside_call& inside, outcome& received) {
  const auto lease = co_await peer.receive();
  EXPECT_NE(inside.load(std::memory_order_relaxed), std::this_thread::get_id());
  received.set(lease.status());
}

inline task<void> close_watched(R& runtime, R::stream peer, inside_call& inside,
                                outcome& received) {
  scope<R> children(runtime);
  children.spawn(receive_outside(peer, inside, received));
  co_await runtime.yield();
  inside.store(std::this_thread::get_id(), std::memory_order_relaxed);
  peer.close();
  inside.store(std::thread::id(), std::memory_order_relaxed);
  co_await children.join();
}

TEST(conformance, close_resumes_nobody_inside_the_call) {
  inside_call inside;
  outcome received;
  server served([&](R& runtime, R::stream peer) {
    return close_watched(runtime, std::move(peer), inside, received);
  });
  client peer = served.connect();
  EXPECT_EQ(received.wait().error(), ECANCELED);
}

inline task<void> nest(R& runtime, int levels, std::atomic<int>& cancelled) {
  if (levels == 0) {
    const io_result slept = co_await runtime.sleep_until(never);
    if (slept.cancelled()) cancelled.fetch_add(1, std::memory_order_relaxed);
    co_return;
  }
  scope<R> children(runtime);
  children.spawn(nest(runtime, levels - 1, cancelled));
  children.spawn(nest(runtime, levels - 1, cancelled));
  co_await children.join();
}

inline task<void> nest_and_announce(R& runtime, std::atomic<int>& cancelled, gate& settled) {
  scope<R> children(runtime);
  children.spawn(nest(runtime, 3, cancelled));
  for (int i = 0; i < 10; ++i)
    co_await runtime.yield();
  settled.set();
  co_await children.join();
}

TEST(conformance, stop_reaches_through_three_nested_scopes) {
  std::atomic<int> cancelled{0};
  gate settled;
  on_thread running([&](R& runtime) { return nest_and_announce(runtime, cancelled, settled); });
  settled.wait();
  running.stop();
  EXPECT_EQ(cancelled.load(std::memory_order_relaxed), 8);
}

TEST(conformance, stop_before_run_ends_it) {
  const auto runtime = harness::make();
  outcome slept;
  runtime->request_stop();
  runtime->run(sleep_into(*runtime, never, slept));
  EXPECT_EQ(slept.wait().error(), ECANCELED);
  runtime->request_stop();  // After the end: no effect.
}

TEST(conformance, stop_may_be_requested_again_and_again) {
  server served(serve_with_echo);
  client peer = served.connect();
  peer.send("x");
  EXPECT_EQ(peer.receive(1), "x");
  std::vector<std::thread> stoppers;
  for (int i = 0; i < 4; ++i)
    stoppers.emplace_back([&] { served.running().request_stop(); });
  for (std::thread& stopper : stoppers)
    stopper.join();
  served.stop();
}

inline task<void> stop_from_inside(R& runtime, outcome& slept) {
  runtime.request_stop();
  const io_result result = co_await runtime.sleep_until(never);
  slept.set(result);
}

TEST(conformance, a_task_may_ask_its_own_runtime_to_stop) {
  outcome slept;
  on_thread running([&](R& runtime) { return stop_from_inside(runtime, slept); });
  EXPECT_EQ(slept.wait().error(), ECANCELED);
}

TEST(conformance, stop_under_load_ends_every_session) {
  server served(serve_with_echo);
  std::vector<client> peers;
  for (int i = 0; i < 8; ++i)
    peers.push_back(served.connect());
  gate loaded;
  std::thread driver([&] {
    const std::string message = pattern(1000);
    try {
      for (int round = 0;; ++round) {
        for (client& peer : peers)
          peer.send(message);
        for (client& peer : peers)
          if (peer.receive(message.size()).size() != message.size()) return;
        if (round == 20) loaded.set();
      }
    } catch (const std::system_error&) {  // The server closed with bytes unread: a reset.
    }
  });
  loaded.wait();
  served.stop();
  driver.join();
}

// More than the entries of any ring: what a request leaves behind must not confuse a later one.
TEST(conformance, stop_after_many_messages_ends_every_session) {
  server served(serve_with_echo);
  std::vector<client> peers;
  for (int i = 0; i < 40; ++i)
    peers.push_back(served.connect());
  const std::string message = pattern(16);
  for (int round = 0; round < 450; ++round) {
    for (client& peer : peers)
      peer.send(message);
    for (client& peer : peers)
      ASSERT_EQ(peer.receive(message.size()), message);
  }
  served.stop();
  for (client& peer : peers)
    EXPECT_EQ(peer.receive(1), "");
}

inline task<void> spin_until_stopped(R& runtime, gate& spinning) {
  for (int turns = 0;; ++turns) {
    if (turns == 1000) spinning.set();
    const bool stopped = co_await stop_requested();
    if (stopped) co_return;
    co_await runtime.yield();
  }
}

TEST(conformance, stop_reaches_a_task_that_never_sleeps) {
  gate spinning;
  on_thread running([&](R& runtime) { return spin_until_stopped(runtime, spinning); });
  spinning.wait();
  running.stop();
}

}  // namespace tailrace::conformance
