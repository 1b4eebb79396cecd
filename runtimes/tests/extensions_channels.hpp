// SPDX-License-Identifier: MIT
// Conformance: channels over R::event. Include only from extensions.hpp.
#pragma once

#include <memory>
#include <vector>

#include "runtimes/tests/extensions_events.hpp"
#include "workloads/micro/channel.hpp"

namespace tailrace::conformance {

using numbers = channel<R, std::unique_ptr<int>>;

// Sends first, first + 1, ... and notes the errno that ended it, or 0.
inline task<void> send_numbers(numbers& to, int count, int& ended_with) {
  ended_with = 0;
  for (int i = 0; i < count && ended_with == 0; ++i) {
    const io_result sent = co_await to.send(std::make_unique<int>(i));
    ended_with = sent.error();
  }
}

inline task<void> send_and_close(numbers& to, int count) {
  int ended_with = 0;
  co_await send_numbers(to, count, ended_with);
  EXPECT_EQ(ended_with, 0);
  to.close();
}

// Receives until an errno, which it notes.
inline task<void> receive_numbers(numbers& from, std::vector<int>& got, int& ended_with) {
  for (;;) {
    const auto received = co_await from.receive();
    if (!received) {
      ended_with = received.error();
      co_return;
    }
    got.push_back(**received);
  }
}

struct passed {
  std::vector<int> got;
  int sender_ended_with = 0;
  int receiver_ended_with = 0;
};

inline task<void> pass_numbers(R& runtime, std::size_t capacity, int count, bool receiver_first,
                               passed& result) {
  numbers between(runtime, capacity);
  scope<R> children(runtime);
  if (receiver_first) {
    children.spawn(receive_numbers(between, result.got, result.receiver_ended_with));
    co_await runtime.yield();
  }
  children.spawn(send_and_close(between, count));
  if (!receiver_first) {
    co_await runtime.yield();
    children.spawn(receive_numbers(between, result.got, result.receiver_ended_with));
  }
  co_await children.join();
}

TEST(extensions_channel, everything_arrives_once_and_in_order_then_the_end) {
  for (const std::size_t capacity : {1u, 2u, 3u, 128u}) {
    for (const bool receiver_first : {true, false}) {
      passed result;
      run_here([&](R& runtime) {
        return pass_numbers(runtime, capacity, 2000, receiver_first, result);
      });
      ASSERT_EQ(result.got.size(), 2000u) << "capacity " << capacity;
      for (int i = 0; i < 2000; ++i)
        ASSERT_EQ(result.got[static_cast<std::size_t>(i)], i);
      EXPECT_EQ(result.receiver_ended_with, EPIPE);
    }
  }
}

inline task<void> send_counting(numbers& to, std::atomic<int>& sent, int& ended_with) {
  for (;;) {
    const io_result result = co_await to.send(std::make_unique<int>(0));
    if (!result.ok()) {
      ended_with = result.error();
      co_return;
    }
    sent.fetch_add(1);
  }
}

// A sender that nobody receives from, until it is stopped.
inline task<void> fill(R& runtime, std::size_t capacity, std::atomic<int>& sent, int& ended_with) {
  numbers full(runtime, capacity);
  scope<R> children(runtime);
  children.spawn(send_counting(full, sent, ended_with));
  while (sent.load() < static_cast<int>(capacity))
    co_await runtime.yield();
  const steady_time soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  const io_result slept = co_await runtime.sleep_until(soon);
  EXPECT_TRUE(slept.ok());
  children.request_stop();
  co_await children.join();
  // What was queued is still there, what was cancelled is not.
  full.close();
  std::vector<int> got;
  int drained_with = 0;
  co_await receive_numbers(full, got, drained_with);
  EXPECT_EQ(got.size(), capacity);
  EXPECT_EQ(drained_with, EPIPE);
}

TEST(extensions_channel, holds_its_capacity_and_a_stop_cancels_the_waiting_send) {
  for (const std::size_t capacity : {1u, 5u}) {
    std::atomic<int> sent{0};
    int ended_with = 0;
    run_here([&](R& runtime) { return fill(runtime, capacity, sent, ended_with); });
    EXPECT_EQ(sent.load(), static_cast<int>(capacity));
    EXPECT_EQ(ended_with, ECANCELED);
  }
}

inline task<void> stop_receiver(R& runtime, passed& result) {
  numbers empty(runtime, 1);
  {
    scope<R> children(runtime);
    children.spawn(receive_numbers(empty, result.got, result.receiver_ended_with));
    co_await runtime.yield();
    children.request_stop();
    co_await children.join();
  }
  // The channel still works, with another receiver.
  scope<R> children(runtime);
  children.spawn(send_and_close(empty, 3));
  int ended_with = 0;
  co_await receive_numbers(empty, result.got, ended_with);
  co_await children.join();
}

TEST(extensions_channel, a_stop_cancels_the_waiting_receive_and_leaves_the_channel_whole) {
  passed result;
  run_here([&](R& runtime) { return stop_receiver(runtime, result); });
  EXPECT_EQ(result.receiver_ended_with, ECANCELED);
  EXPECT_EQ(result.got, (std::vector<int>{0, 1, 2}));
}

inline task<void> use_after_stop(numbers& of, int& send_error, int& receive_error) {
  const io_result slept = co_await of.send(std::make_unique<int>(1));
  send_error = slept.error();
  const auto received = co_await of.receive();
  receive_error = received ? 0 : received.error();
}

inline task<void> stop_first(R& runtime, int& send_error, int& receive_error) {
  numbers open(runtime, 4);
  const io_result sent = co_await open.send(std::make_unique<int>(0));
  EXPECT_TRUE(sent.ok());
  scope<R> children(runtime);
  children.request_stop();
  children.spawn(use_after_stop(open, send_error, receive_error));
  co_await children.join();
}

TEST(extensions_channel, operations_of_a_stopped_task_are_cancelled_also_when_they_could_go_on) {
  int send_error = 0;
  int receive_error = 0;
  run_here([&](R& runtime) { return stop_first(runtime, send_error, receive_error); });
  EXPECT_EQ(send_error, ECANCELED);
  EXPECT_EQ(receive_error, ECANCELED);
}

inline task<void> close_under(R& runtime, passed& result) {
  {
    numbers full(runtime, 1);
    scope<R> children(runtime);
    children.spawn(send_numbers(full, 5, result.sender_ended_with));
    co_await runtime.yield();
    full.close();
    co_await children.join();
    full.close();  // again: no effect
    const io_result late = co_await full.send(nullptr);
    EXPECT_EQ(late.error(), EPIPE);
  }
  numbers empty(runtime, 1);
  scope<R> children(runtime);
  children.spawn(receive_numbers(empty, result.got, result.receiver_ended_with));
  co_await runtime.yield();
  empty.close();
  co_await children.join();
}

TEST(extensions_channel, close_ends_the_waiting_send_and_the_waiting_receive) {
  passed result;
  run_here([&](R& runtime) { return close_under(runtime, result); });
  EXPECT_EQ(result.sender_ended_with, EPIPE);
  EXPECT_EQ(result.receiver_ended_with, EPIPE);
  EXPECT_TRUE(result.got.empty());
}

// A value that comes between a stop and the moment at which the stopped receiver runs again is
// either received by it or still in the channel.
inline task<void> send_after_stop(R& runtime, passed& result) {
  numbers between(runtime, 1);
  scope<R> receiving(runtime);
  receiving.spawn(receive_numbers(between, result.got, result.receiver_ended_with));
  co_await runtime.yield();
  receiving.request_stop();
  const io_result sent = co_await between.send(std::make_unique<int>(7));
  EXPECT_TRUE(sent.ok());
  co_await receiving.join();
  between.close();
  int ended_with = 0;
  co_await receive_numbers(between, result.got, ended_with);
}

TEST(extensions_channel, a_value_sent_just_after_a_stop_of_the_receiver_is_not_lost) {
  for (int round = 0; round < 50; ++round) {
    passed result;
    run_here([&](R& runtime) { return send_after_stop(runtime, result); });
    ASSERT_EQ(result.got, std::vector<int>{7});
    ASSERT_EQ(result.receiver_ended_with, ECANCELED);
  }
}

// The same for a stopped sender: its value arrives exactly if it was told so.
inline task<void> send_one(numbers& to, int value, int& ended_with) {
  const io_result sent = co_await to.send(std::make_unique<int>(value));
  ended_with = sent.error();
}

inline task<void> receive_after_stop(R& runtime, passed& result) {
  numbers between(runtime, 1);
  co_await send_one(between, 0, result.sender_ended_with);
  scope<R> sending(runtime);
  sending.spawn(send_one(between, 1, result.sender_ended_with));
  co_await runtime.yield();
  sending.request_stop();
  const auto first = co_await between.receive();
  if (first) result.got.push_back(**first);
  co_await sending.join();
  between.close();
  co_await receive_numbers(between, result.got, result.receiver_ended_with);
}

TEST(extensions_channel, a_send_that_is_stopped_arrives_exactly_if_it_was_told_so) {
  for (int round = 0; round < 50; ++round) {
    passed result;
    run_here([&](R& runtime) { return receive_after_stop(runtime, result); });
    const bool told = result.sender_ended_with == 0;
    ASSERT_EQ(result.got, told ? (std::vector<int>{0, 1}) : (std::vector<int>{0}));
  }
}

// The receiver is stopped while values come: what it got and what is left is what was sent.
inline task<void> stop_midway(R& runtime, int rounds, int& whole) {
  for (int i = 0; i < rounds; ++i) {
    numbers between(runtime, 1 + static_cast<std::size_t>(i % 3));
    passed result;
    scope<R> sending(runtime);
    scope<R> receiving(runtime);
    receiving.spawn(receive_numbers(between, result.got, result.receiver_ended_with));
    sending.spawn(send_and_close(between, 20));
    for (int turns = 0; turns < i % 7; ++turns)
      co_await runtime.yield();
    receiving.request_stop();
    co_await receiving.join();
    int ended_with = 0;
    co_await receive_numbers(between, result.got, ended_with);
    co_await sending.join();
    std::vector<int> all(20);
    for (int n = 0; n < 20; ++n)
      all[static_cast<std::size_t>(n)] = n;
    if (result.got == all && ended_with == EPIPE) ++whole;
  }
}

TEST(extensions_channel, nothing_is_lost_when_a_stop_races_with_values) {
  int whole = 0;
  run_here([&](R& runtime) { return stop_midway(runtime, 200, whole); });
  EXPECT_EQ(whole, 200);
}

}  // namespace tailrace::conformance
