// SPDX-License-Identifier: MIT
// Conformance: what bytes, ends, resets, closes and leases do. Include only from conformance.hpp.
#pragma once

#include "runtimes/tests/conformance_server.hpp"

namespace tailrace::conformance {

TEST(conformance, echoes_one_byte) {
  server served(serve_with_echo);
  client peer = served.connect();
  peer.send("x");
  EXPECT_EQ(peer.receive(1), "x");
}

TEST(conformance, messages_may_be_split_and_coalesced) {
  server served(serve_with_echo);
  client peer = served.connect();
  for (const char* piece : {"a", "bc", "", "def"})
    peer.send(piece);
  EXPECT_EQ(peer.receive(4), "abcd");
  peer.send("ghi");
  EXPECT_EQ(peer.receive(2), "ef");
  EXPECT_EQ(peer.receive(3), "ghi");
}

TEST(conformance, one_mebibyte_comes_back_in_order) {
  server served(serve_with_echo);
  client peer = served.connect();
  const std::string sent = pattern(1024 * 1024);
  std::thread sender([&] { peer.send(sent); });
  const std::string got = peer.receive(sent.size());
  sender.join();
  EXPECT_TRUE(got == sent);
}

TEST(conformance, a_slow_reader_holds_the_sender_back_and_nothing_is_lost) {
  server served(serve_with_echo);
  client peer = served.connect(4096);
  constexpr std::size_t far_too_much = 256 * 1024 * 1024;
  const std::string piece = pattern(64 * 1024 + 1);
  std::size_t total = 0;
  while (total < far_too_much) {
    const std::size_t fitted =
        peer.send_what_fits(std::string_view(piece).substr(total % piece.size()));
    if (fitted == 0) break;
    total += fitted;
  }
  ASSERT_LT(total, far_too_much) << "the server takes bytes that it cannot send";
  EXPECT_GE(total, piece.size());
  peer.end();
  for (std::size_t at = 0; at < total;) {
    const std::size_t offset = at % piece.size();
    const std::size_t count = std::min(total - at, piece.size() - offset);
    ASSERT_TRUE(peer.receive(count) == piece.substr(offset, count)) << "after " << at;
    at += count;
  }
  EXPECT_EQ(peer.receive(1), "");
}

TEST(conformance, half_close_is_honoured) {
  server served(serve_with_echo);
  client peer = served.connect();
  peer.send("last words");
  peer.end();
  EXPECT_EQ(peer.receive(100), "last words");
}

inline task<void> answer_after_end(R::stream peer) {
  for (;;) {
    const auto received = co_await peer.receive();
    if (!received.status().ok()) co_return;
    if (received.bytes().empty()) break;
  }
  const io_result sent = co_await peer.send_all(bytes_of("still here"));
  EXPECT_EQ(sent, io_result::of_count(10));
}

TEST(conformance, sending_stays_possible_after_the_end_of_stream) {
  server served([](R&, R::stream peer) { return answer_after_end(std::move(peer)); });
  client peer = served.connect();
  peer.send("question");
  peer.end();
  EXPECT_EQ(peer.receive(100), "still here");
}

inline task<void> receive_twice(R::stream peer, gate& first, outcome& second) {
  {
    const auto received = co_await peer.receive();
    EXPECT_TRUE(received.status().ok());
  }
  first.set();
  const auto received = co_await peer.receive();
  EXPECT_TRUE(received.bytes().empty());
  second.set(received.status());
}

TEST(conformance, reset_while_receiving_is_a_value) {
  gate first;
  outcome second;
  server served([&](R&, R::stream peer) { return receive_twice(std::move(peer), first, second); });
  client peer = served.connect();
  peer.send("x");
  first.wait();
  peer.reset();
  EXPECT_EQ(second.wait().error(), ECONNRESET);
}

inline task<void> send_much_twice(R::stream peer, outcome& first, outcome& second) {
  const std::string much(64 * 1024 * 1024, 'm');
  const io_result interrupted = co_await peer.send_all(bytes_of(much));
  first.set(interrupted);
  const io_result later = co_await peer.send_all(bytes_of("more"));
  second.set(later);
}

TEST(conformance, reset_while_sending_is_a_value_and_no_signal) {
  outcome first;
  outcome second;
  server served(
      [&](R&, R::stream peer) { return send_much_twice(std::move(peer), first, second); });
  client peer = served.connect();
  EXPECT_EQ(peer.receive(1), "m");
  peer.reset();
  EXPECT_TRUE(is_reset(first.wait())) << first.wait().error();
  EXPECT_TRUE(is_reset(second.wait())) << second.wait().error();
}

inline task<void> send_nothing(R::stream peer, outcome& sent) {
  const std::span<const std::byte> nothing;
  const io_result result = co_await peer.send_all(nothing);
  sent.set(result);
}

TEST(conformance, sending_nothing_succeeds) {
  outcome sent;
  server served([&](R&, R::stream peer) { return send_nothing(std::move(peer), sent); });
  client peer = served.connect();
  EXPECT_EQ(sent.wait(), io_result::of_count(0));
}

inline task<void> receive_into(R::stream& peer, outcome& received) {
  const auto lease = co_await peer.receive();
  received.set(lease.status());
}

inline task<void> send_into(R::stream& peer, std::string_view bytes, outcome& sent) {
  const io_result result = co_await peer.send_all(bytes_of(bytes));
  sent.set(result);
}

inline task<void> close_under_receiver(R& runtime, R::stream peer, outcome& received) {
  scope<R> children(runtime);
  children.spawn(receive_into(peer, received));
  co_await runtime.yield();
  co_await runtime.yield();
  peer.close();
  co_await children.join();
}

TEST(conformance, close_ends_a_pending_receive_as_cancelled) {
  outcome received;
  server served([&](R& runtime, R::stream peer) {
    return close_under_receiver(runtime, std::move(peer), received);
  });
  client peer = served.connect();
  EXPECT_EQ(received.wait().error(), ECANCELED);
  EXPECT_EQ(peer.receive(1), "");
}

inline task<void> close_under_sender(R& runtime, R::stream peer, const std::string& much,
                                     outcome& sent, outcome& asked) {
  scope<R> children(runtime);
  children.spawn(send_into(peer, much, sent));
  const auto signal = co_await peer.receive();  // The client has seen the first byte.
  asked.set(signal.status());
  peer.close();
  co_await children.join();
}

TEST(conformance, close_ends_a_pending_send_as_cancelled) {
  const std::string much(64 * 1024 * 1024, 'm');
  outcome sent;
  outcome asked;
  server served([&](R& runtime, R::stream peer) {
    return close_under_sender(runtime, std::move(peer), much, sent, asked);
  });
  client peer = served.connect(4096);
  EXPECT_EQ(peer.receive(1), "m");
  peer.send("close");
  EXPECT_EQ(asked.wait(), io_result::of_count(5));
  EXPECT_EQ(sent.wait().error(), ECANCELED);
}

inline task<void> receive_and_close(R::stream& own, R::stream& other, outcome& received) {
  const auto lease = co_await own.receive();
  other.close();
  if (lease.status().ok()) {
    EXPECT_EQ(static_cast<char>(lease.bytes()[0]), 'x');
  }
  received.set(lease.status());
}

inline task<void> close_each_other(R& runtime, listening& at, gate& receiving, gate& sent,
                                   outcome (&received)[2]) {
  auto listener = runtime.listen({});
  at.port = listener->port();
  at.known.set();
  auto first = co_await listener->accept();
  auto second = co_await listener->accept();
  scope<R> children(runtime);
  children.spawn(receive_and_close(*first, *second, received[0]));
  children.spawn(receive_and_close(*second, *first, received[1]));
  co_await runtime.yield();
  co_await runtime.yield();
  receiving.set();
  sent.wait();  // Holds the loop: when it looks again, both receives can complete.
  co_await children.join();
}

// The task that runs first closes the stream of the other, whose receive may be complete by then.
TEST(conformance, close_after_a_receive_completed_and_before_its_task_runs) {
  listening at;
  gate receiving;
  gate sent;
  outcome received[2];
  on_thread running(
      [&](R& runtime) { return close_each_other(runtime, at, receiving, sent, received); });
  at.known.wait();
  client first = harness::connect(running.runtime(), at.port, 0);
  client second = harness::connect(running.runtime(), at.port, 0);
  receiving.wait();
  first.send("x");
  second.send("x");
  sent.set();
  for (outcome& each : received) {
    const io_result result = each.wait();
    EXPECT_TRUE(result == io_result::of_count(1) || result.error() == ECANCELED) << result.error();
  }
}

inline task<void> close_often(R::stream peer, gate& done) {
  peer.close();
  peer.close();
  R::stream moved = std::move(peer);
  moved.close();
  R::stream other = std::move(moved);
  other = std::move(moved);  // NOLINT(bugprone-use-after-move): that is what is tested
  done.set();
  co_return;
}

TEST(conformance, close_is_idempotent) {
  gate done;
  server served([&](R&, R::stream peer) { return close_often(std::move(peer), done); });
  client peer = served.connect();
  done.wait();
  EXPECT_EQ(peer.receive(1), "");
  client next = served.connect();
  EXPECT_EQ(next.receive(1), "");
}

inline task<void> greet(R::stream peer, std::atomic<int>& greeted) {
  const char name = static_cast<char>('a' + greeted.fetch_add(1, std::memory_order_relaxed));
  const io_result sent = co_await peer.send_all(bytes_of(std::string_view(&name, 1)));
  EXPECT_TRUE(sent.ok());
}

TEST(conformance, connections_are_accepted_in_the_order_in_which_they_came) {
  std::atomic<int> greeted{0};
  server served([&](R&, R::stream peer) { return greet(std::move(peer), greeted); });
  client first = served.connect();
  client second = served.connect();
  const std::string names = first.receive(1) + second.receive(1);
  // With threads the tasks may overtake each other once they are accepted.
  EXPECT_TRUE(names == "ab" || (!R::single_threaded && names == "ba")) << names;
}

inline task<void> move_leases(R::stream peer, gate& done) {
  auto lease = co_await peer.receive();
  const std::span<const std::byte> before = lease.bytes();
  auto moved = std::move(lease);
  EXPECT_EQ(moved.bytes().data(), before.data());
  auto& same = moved;
  moved = std::move(same);
  EXPECT_EQ(moved.bytes().size(), before.size());
  const io_result asked = co_await peer.send_all(bytes_of("?"));
  EXPECT_TRUE(asked.ok());
  auto second = co_await peer.receive();
  std::swap(moved, second);
  EXPECT_EQ(second.bytes().data(), before.data());
  EXPECT_EQ(static_cast<char>(second.bytes()[0]), '1');
  EXPECT_EQ(static_cast<char>(moved.bytes()[0]), '2');
  second = std::move(moved);
  EXPECT_EQ(static_cast<char>(second.bytes()[0]), '2');
  done.set();
}

// A runtime that counts its buffers finds at its end whether each came back exactly once.
TEST(conformance, a_lease_survives_moves_and_returns_once) {
  gate done;
  server served([&](R&, R::stream peer) { return move_leases(std::move(peer), done); });
  client peer = served.connect();
  peer.send("1");
  EXPECT_EQ(peer.receive(1), "?");
  peer.send("2");
  done.wait();
  served.stop();
}

inline task<void> hoard(R::stream peer, std::size_t pieces) {
  std::vector<R::stream::lease_type> held;
  while (held.size() < pieces) {
    auto received = co_await peer.receive();
    held.push_back(std::move(received));
    const io_result asked = co_await peer.send_all(bytes_of("?"));
    EXPECT_TRUE(asked.ok());
  }
  for (const auto& lease : held) {
    const io_result sent = co_await peer.send_all(lease.bytes());
    EXPECT_TRUE(sent.ok());
  }
}

TEST(conformance, a_held_lease_is_not_overwritten_by_later_receives) {
  constexpr std::size_t pieces = 20;
  server served([](R&, R::stream peer) { return hoard(std::move(peer), pieces); });
  client peer = served.connect();
  client busy = served.connect();
  std::string all;
  for (unsigned i = 0; i < pieces; ++i) {
    const std::string piece = pattern(100, i);
    peer.send(piece);
    busy.send(pattern(100, i + 100));
    all += piece;
    EXPECT_EQ(peer.receive(1), "?");
    EXPECT_EQ(busy.receive(1), "?");
  }
  EXPECT_TRUE(peer.receive(all.size()) == all);
  EXPECT_EQ(busy.receive(all.size()).size(), all.size());
}

inline task<void> send_and_receive(R& runtime, R::stream peer, const std::string& much,
                                   outcome& sent, std::string& got) {
  scope<R> children(runtime);
  children.spawn(send_into(peer, much, sent));
  while (got.size() < much.size()) {
    const auto received = co_await peer.receive();
    if (received.bytes().empty()) break;
    const auto bytes = received.bytes();
    got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  co_await children.join();
}

TEST(conformance, one_task_may_send_while_another_receives) {
  const std::string much = pattern(4 * 1024 * 1024);
  outcome sent;
  std::string got;
  {
    server served([&](R& runtime, R::stream peer) {
      return send_and_receive(runtime, std::move(peer), much, sent, got);
    });
    client peer = served.connect();
    peer.send(much);  // Nothing is read meanwhile: both directions are full at once.
    EXPECT_TRUE(peer.receive(much.size()) == much);
    EXPECT_EQ(sent.wait(), io_result::of_count(much.size()));
    EXPECT_EQ(peer.receive(1), "");
    served.stop();
  }
  EXPECT_TRUE(got == much);
}

}  // namespace tailrace::conformance
