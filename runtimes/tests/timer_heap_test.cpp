// SPDX-License-Identifier: MIT
#include "runtimes/base/timer_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace tailrace {
namespace {

using time = timer_heap::time;
time at(int tick) {
  return time(std::chrono::nanoseconds(tick));
}

TEST(timer_heap, empty_heap_has_no_deadline) {
  timer_heap heap;
  EXPECT_EQ(heap.next_deadline(), time::max());
  EXPECT_EQ(heap.take_expired(time::max()), nullptr);
}

TEST(timer_heap, expires_nothing_before_its_deadline) {
  timer_heap heap;
  timer_node node;
  heap.arm(node, at(10));
  EXPECT_EQ(heap.take_expired(at(9)), nullptr);
  EXPECT_EQ(heap.take_expired(at(10)), &node);
  EXPECT_TRUE(heap.empty());
}

TEST(timer_heap, wakes_for_a_timer_alone_at_its_deadline) {
  timer_heap heap;
  const timer_window window{.length = std::chrono::nanoseconds(100)};
  EXPECT_EQ(heap.wake_time(window), time::max());
  std::vector<timer_node> nodes(2);
  heap.arm(nodes[0], at(1000));
  EXPECT_EQ(heap.wake_time(window), at(1000));
  heap.arm(nodes[1], at(1101));
  EXPECT_EQ(heap.wake_time(window), at(1000));
  heap.cancel(nodes[0]);
  heap.cancel(nodes[1]);
}

TEST(timer_heap, wakes_once_for_the_timers_of_a_window) {
  timer_heap heap;
  timer_window window{.length = std::chrono::nanoseconds(100)};
  std::vector<timer_node> nodes(3);
  heap.arm(nodes[0], at(1000));
  heap.arm(nodes[1], at(1040));
  EXPECT_EQ(heap.wake_time(window), at(1040));
  window.slack = std::chrono::nanoseconds(30);
  EXPECT_EQ(heap.wake_time(window), at(1010));
  heap.arm(nodes[2], at(1060));
  EXPECT_EQ(heap.wake_time(window), at(1070));
  window.slack = std::chrono::nanoseconds(101);
  EXPECT_EQ(heap.wake_time(window), at(1000));
  for (timer_node& each : nodes)
    heap.cancel(each);
}

TEST(timer_heap, a_window_begins_with_the_clock) {
  timer_heap heap;
  timer_node past;
  heap.arm(past, time::min());
  const timer_window window{.slack = std::chrono::nanoseconds(50)};
  EXPECT_EQ(heap.wake_time(window), time::min());
  heap.cancel(past);
}

TEST(timer_heap, a_window_ends_with_the_clock) {
  timer_heap heap;
  std::vector<timer_node> nodes(3);
  for (timer_node& each : nodes)
    heap.arm(each, time::max());
  EXPECT_EQ(heap.wake_time({.length = std::chrono::nanoseconds(100)}), time::max());
  for (timer_node& each : nodes)
    heap.cancel(each);
}

TEST(timer_window, a_deadline_is_rounded_up_to_a_multiple) {
  const std::chrono::nanoseconds window(100);
  EXPECT_EQ(rounded_up(at(101), window), at(200));
  EXPECT_EQ(rounded_up(at(199), window), at(200));
  EXPECT_EQ(rounded_up(at(200), window), at(200));
  EXPECT_EQ(rounded_up(at(101), {}), at(101));
}

TEST(timer_window, rounding_stays_within_the_clock) {
  const std::chrono::nanoseconds window(100);
  EXPECT_EQ(rounded_up(time::max(), window), time::max());
  EXPECT_EQ(rounded_up(time::min(), window), time::min());
}

// Never before the first deadline, never more than the window after it, for any timers.
TEST(timer_heap, the_time_to_wake_lies_in_the_window) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<timer_node> nodes(1 + random() % 50);
    timer_heap heap;
    for (timer_node& each : nodes)
      heap.arm(each, at(static_cast<int>(random() % 2000)));
    const timer_window window{.length = std::chrono::nanoseconds(random() % 300),
                              .slack = std::chrono::nanoseconds(random() % 100)};
    while (!heap.empty()) {
      const time first = heap.next_deadline();
      ASSERT_GE(heap.wake_time(window), first) << "seed " << seed;
      ASSERT_LE(heap.wake_time(window), first + window.length) << "seed " << seed;
      ASSERT_NE(heap.take_expired(first), nullptr);
    }
  }
}

// Against a sorted list: arms, cancels and expiries in random order, 200 seeds.
TEST(timer_heap, agrees_with_a_sorted_list) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<timer_node> nodes(300);
    std::vector<int> deadline(nodes.size(), -1);
    timer_heap heap;
    for (int step = 0; step < 2000; ++step) {
      const std::size_t pick = random() % nodes.size();
      if (deadline[pick] < 0) {
        deadline[pick] = static_cast<int>(random() % 1000);
        heap.arm(nodes[pick], at(deadline[pick]));
      } else if (random() % 2 == 0) {
        heap.cancel(nodes[pick]);
        deadline[pick] = -1;
      } else {
        const int now = static_cast<int>(random() % 1000);
        int least = 1000;
        for (const int armed : deadline)
          if (armed >= 0) least = std::min(least, armed);
        timer_node* expired = heap.take_expired(at(now));
        ASSERT_EQ(expired != nullptr, least <= now) << "seed " << seed;
        if (expired == nullptr) continue;
        auto& taken = deadline[static_cast<std::size_t>(expired - nodes.data())];
        ASSERT_EQ(taken, least) << "seed " << seed;
        taken = -1;
      }
    }
    const auto armed = std::ranges::count_if(deadline, [](int at_tick) { return at_tick >= 0; });
    ASSERT_EQ(heap.size(), static_cast<std::size_t>(armed));
  }
}

}  // namespace
}  // namespace tailrace
