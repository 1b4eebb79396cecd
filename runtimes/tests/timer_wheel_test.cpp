// SPDX-License-Identifier: MIT
// The wheel against the heap, which is simpler and exact: what the heap says has expired, the wheel
// has too, up to a tick.
#include "base/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "base/timer_heap.hpp"

namespace tailrace {
namespace {

using time = timer_wheel::time;
using std::chrono::nanoseconds;

constexpr std::int64_t tick = timer_wheel::tick.count();

time at(std::int64_t ns) {
  return time(nanoseconds(ns));
}
std::int64_t round_up(std::int64_t ns) {
  return (ns + tick - 1) / tick * tick;
}

TEST(timer_wheel, an_empty_wheel_has_nothing_to_look_for) {
  timer_wheel wheel;
  EXPECT_EQ(wheel.next_expiry(), time::max());
  EXPECT_EQ(wheel.take_expired(time::max()), nullptr);
  EXPECT_TRUE(wheel.empty());
}

TEST(timer_wheel, expires_nothing_before_its_deadline_and_all_a_tick_after) {
  for (const std::int64_t deadline : {std::int64_t{1}, tick - 1, tick, tick + 1, 64 * tick,
                                      64 * tick + 1, 4096 * tick - 1, std::int64_t{1} << 40U}) {
    timer_wheel wheel;
    wheel_node node;
    wheel.arm(node, at(deadline));
    EXPECT_TRUE(timer_wheel::armed(node));
    EXPECT_EQ(wheel.next_expiry(), at(round_up(deadline)));
    EXPECT_EQ(wheel.take_expired(at(deadline - 1)), nullptr) << deadline;
    EXPECT_EQ(wheel.take_expired(at(round_up(deadline) - 1)), nullptr) << deadline;
    EXPECT_EQ(wheel.take_expired(at(round_up(deadline))), &node) << deadline;
    EXPECT_FALSE(timer_wheel::armed(node));
    EXPECT_TRUE(wheel.empty());
  }
}

TEST(timer_wheel, holds_the_last_deadline_that_the_clock_can_express) {
  timer_wheel wheel(at(tick * 1000));
  wheel_node never;
  wheel_node soon;
  wheel.arm(never, time::max());
  EXPECT_EQ(wheel.next_expiry(), time::max());
  wheel.arm(soon, at(tick * 2000));
  EXPECT_EQ(wheel.next_expiry(), at(tick * 2000));
  EXPECT_EQ(wheel.take_expired(time::max() - timer_wheel::tick), &soon);
  EXPECT_EQ(wheel.take_expired(time::max() - timer_wheel::tick), nullptr);
  wheel.cancel(never);
}

TEST(timer_wheel, takes_what_is_armed_in_the_past_at_once) {
  timer_wheel wheel(at(tick * 1000));
  wheel_node past;
  wheel_node before_time;
  wheel.arm(past, at(tick * 10));
  wheel.arm(before_time, time::min());
  EXPECT_LE(wheel.next_expiry(), at(tick * 1000));
  std::vector<wheel_node*> taken{wheel.take_expired(at(tick * 1000)),
                                 wheel.take_expired(at(tick * 1000))};
  EXPECT_TRUE(std::ranges::is_permutation(taken, std::vector{&past, &before_time}));
}

TEST(timer_wheel, late_ones_do_not_hold_up_those_in_time) {
  timer_wheel wheel(at(tick * 1000));
  wheel_node late;
  wheel_node in_time;
  wheel.arm(in_time, at(tick * 1001));
  wheel.arm(late, at(0));
  for (int i = 0; i < 3; ++i) {
    wheel_node* const taken = wheel.take_expired(at(tick * 2000));
    if (taken == &in_time) {
      wheel.cancel(late);
      return;
    }
    ASSERT_EQ(taken, &late);
    wheel.arm(late, at(0));
  }
  FAIL() << "the timer in time was never taken";
}

TEST(timer_wheel, many_in_one_far_slot_are_announced_early_never_late) {
  timer_wheel wheel;
  std::vector<wheel_node> nodes(20);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    wheel.arm(nodes[i], at(tick * static_cast<std::int64_t>(5000 + i)));
  std::size_t taken = 0;
  int looks = 0;
  while (!wheel.empty()) {
    const time next = wheel.next_expiry();
    ASSERT_LE(next, at(tick * static_cast<std::int64_t>(5000 + taken)));
    for (; wheel_node* const node = wheel.take_expired(next); ++taken)
      ASSERT_EQ(node, &nodes[taken]);
    ASSERT_LT(++looks, 30);
  }
  EXPECT_EQ(taken, nodes.size());
}

// Arms, cancels and advances at random, from single ticks to years.
class wheel_and_heap {
 public:
  explicit wheel_and_heap(unsigned seed)
      : random_(seed),
        now_(from_bits(62) % (std::int64_t{1} << 61U)),
        wheel_(at(now_)),
        pairs_(60) {}

  void step() {
    pair& picked = pairs_[random_() % pairs_.size()];
    const unsigned choice = random_() % 8;
    if (choice == 0) {
      advance();
    } else if (!timer_wheel::armed(picked.in_wheel)) {
      arm(picked);
    } else if (choice < 3) {
      wheel_.cancel(picked.in_wheel);
      heap_.cancel(picked.in_heap);
    }
    ASSERT_EQ(wheel_.size(), heap_.size());
    ASSERT_LE(wheel_.next_expiry(), std::max(heap_.next_deadline(), at(now_)));
    ASSERT_TRUE(!heap_.empty() || wheel_.next_expiry() == time::max());
  }
  void clear() {
    for (pair& each : pairs_)
      if (timer_wheel::armed(each.in_wheel)) wheel_.cancel(each.in_wheel);
    EXPECT_TRUE(wheel_.empty());
  }

 private:
  struct pair {
    wheel_node in_wheel;
    timer_node in_heap;
    std::int64_t due = 0;  // deadline, rounded up as the wheel does
  };

  std::int64_t from_bits(unsigned most) {
    const auto wide = static_cast<std::int64_t>((random_() << 31U ^ random_()) & INT64_MAX);
    return wide >> (63 - random_() % most);
  }

  void arm(pair& picked) {
    const std::int64_t distance = from_bits(60);
    const std::int64_t deadline = random_() % 8 == 0 ? now_ - distance % (now_ + 1)
                                                     : now_ + distance % (INT64_MAX - tick - now_);
    picked.due = round_up(deadline);
    wheel_.arm(picked.in_wheel, at(deadline));
    heap_.arm(picked.in_heap, at(picked.due));
  }

  void advance() {
    const bool to_next = random_() % 2 == 0 && !wheel_.empty();
    if (to_next)
      now_ = std::max(now_, wheel_.next_expiry().time_since_epoch().count());
    else
      now_ += from_bits(56) % ((std::int64_t{1} << 62U) - now_ / 2);
    const std::int64_t since = last_now_;
    last_now_ = now_;
    std::vector<pair*> expected;
    while (timer_node* const node = heap_.take_expired(at(now_)))
      for (pair& each : pairs_)
        if (&each.in_heap == node) expected.push_back(&each);
    std::int64_t previous = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      wheel_node* const taken = wheel_.take_expired(at(now_));
      const auto found =
          std::ranges::find_if(pairs_, [&](const pair& each) { return &each.in_wheel == taken; });
      ASSERT_NE(found, pairs_.end());
      ASSERT_NE(std::ranges::find(expected, &*found), expected.end());
      if (found->due <= since) continue;  // armed in the past: in any order
      ASSERT_LE(previous, found->due);
      previous = found->due;
    }
    ASSERT_EQ(wheel_.take_expired(at(now_)), nullptr);
    ASSERT_GT(wheel_.next_expiry(), at(now_));  // else its user would look again and again
  }

  std::mt19937_64 random_;
  std::int64_t now_;
  std::int64_t last_now_ = now_;
  timer_wheel wheel_;
  timer_heap heap_;
  std::vector<pair> pairs_;
};

TEST(timer_wheel, agrees_with_the_heap) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    wheel_and_heap both(seed);
    for (int step = 0; step < 1000; ++step) {
      both.step();
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << ", step " << step;
    }
    both.clear();
  }
}

}  // namespace
}  // namespace tailrace
