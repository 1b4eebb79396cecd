// SPDX-License-Identifier: MIT
// One thread at a time: what the queue promises, at every position and size. Races are the matter
// of queue_stress_test.cpp and model/stealing_queue_model.cpp.
#include "runtimes/base/stealing_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

namespace tailrace {
namespace {

struct item {
  int number = 0;
};

std::vector<item> numbered(int count) {
  std::vector<item> items(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    items[static_cast<std::size_t>(i)].number = i;
  return items;
}

template <class Queue>
std::vector<int> drain(Queue& queue) {
  std::vector<int> numbers;
  while (item* const popped = queue.pop())
    numbers.push_back(popped->number);
  return numbers;
}

TEST(stealing_queue, is_first_in_first_out_and_says_when_it_is_full) {
  stealing_queue<item, 4> queue(UINT32_MAX - 1);
  auto items = numbered(5);
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.pop_unshared(), nullptr);
  EXPECT_TRUE(queue.looks_empty());
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(queue.room(), 4u - static_cast<unsigned>(i));
    EXPECT_TRUE(queue.push(items[static_cast<std::size_t>(i)]));
  }
  EXPECT_FALSE(queue.push(items[4]));
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_EQ(queue.size_hint(), 4u);
  EXPECT_EQ(queue.room(), 0u);
  EXPECT_EQ(queue.pop(), &items[0]);
  EXPECT_EQ(queue.pop_unshared(), &items[1]);
  EXPECT_TRUE(queue.push(items[4]));
  EXPECT_EQ(drain(queue), (std::vector{2, 3, 4}));
}

TEST(stealing_queue, a_thief_takes_half_rounded_up_and_runs_the_oldest) {
  for (unsigned size = 0; size <= 8; ++size) {
    stealing_queue<item, 8> victim(UINT32_MAX - 2);
    stealing_queue<item, 8> thief(UINT32_MAX);
    auto items = numbered(8);
    for (unsigned i = 0; i < size; ++i)
      victim.push(items[i]);
    std::uint32_t moved = 99;
    item* const first = victim.steal_into(thief, moved);
    const unsigned half = size - size / 2;
    EXPECT_EQ(moved, half);
    EXPECT_EQ(first, size == 0 ? nullptr : &items[0]);
    EXPECT_EQ(thief.size(), size == 0 ? 0 : half - 1);
    EXPECT_EQ(victim.size(), size / 2);
    EXPECT_EQ(victim.room(), 8 - size / 2);
    for (unsigned i = 1; i < half; ++i)
      EXPECT_EQ(thief.pop(), &items[i]);
    for (unsigned i = half; i < size; ++i)
      EXPECT_EQ(victim.pop(), &items[i]);
  }
}

TEST(stealing_queue, a_thief_over_half_full_gets_nothing) {
  stealing_queue<item, 8> victim;
  stealing_queue<item, 8> thief;
  auto items = numbered(16);
  for (unsigned i = 0; i < 8; ++i)
    victim.push(items[i]);
  for (unsigned i = 8; i < 13; ++i)
    thief.push(items[i]);
  std::uint32_t moved = 99;
  EXPECT_EQ(victim.steal_into(thief, moved), nullptr);
  EXPECT_EQ(moved, 0u);
  EXPECT_EQ(thief.pop(), &items[8]);  // exactly half full now
  EXPECT_EQ(victim.steal_into(thief, moved), &items[0]);
  EXPECT_EQ(moved, 4u);
  EXPECT_EQ(drain(thief), (std::vector{9, 10, 11, 12, 1, 2, 3}));
  EXPECT_EQ(drain(victim), (std::vector{4, 5, 6, 7}));
}

TEST(stealing_queue, sheds_its_newer_half_once_full) {
  stealing_queue<item, 8> queue(UINT32_MAX - 3);
  auto items = numbered(9);
  std::vector<int> given;
  const auto give = [&](item& one) { given.push_back(one.number); };
  for (unsigned i = 0; i < 7; ++i)
    queue.push(items[i]);
  EXPECT_EQ(queue.shed(give), 0u) << "not full";
  queue.push(items[7]);
  EXPECT_EQ(queue.shed(give), 4u);
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_TRUE(queue.push(items[8]));
  EXPECT_EQ(given, (std::vector{4, 5, 6, 7}));
  EXPECT_EQ(drain(queue), (std::vector{0, 1, 2, 3, 8}));
}

// Two queues against two lists, 200 seeds.
TEST(stealing_queue, agrees_with_a_list) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    stealing_queue<item, 4> queues[2]{stealing_queue<item, 4>(UINT32_MAX - seed % 30),
                                      stealing_queue<item, 4>(UINT32_MAX - seed % 7)};
    std::deque<item*> lists[2];
    std::vector<item> items(500);
    for (item& next : items) {
      const unsigned self = random() % 2;
      auto& list = lists[self];
      auto& other = lists[1 - self];
      const unsigned choice = random() % 4;
      if (choice < 2) {
        const bool fits = list.size() < 4;
        ASSERT_EQ(queues[self].push(next), fits) << "seed " << seed;
        if (fits) list.push_back(&next);
      } else if (choice == 2) {
        item* const expected = list.empty() ? nullptr : list.front();
        ASSERT_EQ(queues[self].pop(), expected) << "seed " << seed;
        if (!list.empty()) list.pop_front();
      } else {
        const std::size_t half = list.size() > 2 ? 0 : other.size() - other.size() / 2;
        item* const expected = half == 0 ? nullptr : other.front();
        std::uint32_t moved = 0;
        ASSERT_EQ(queues[1 - self].steal_into(queues[self], moved), expected) << "seed " << seed;
        ASSERT_EQ(moved, half);
        for (std::size_t i = 0; i < half; ++i) {
          if (i > 0) list.push_back(other.front());
          other.pop_front();
        }
      }
      ASSERT_EQ(queues[self].size(), list.size());
      ASSERT_EQ(queues[self].room(), 4 - list.size());
    }
    for (auto& queue : queues)
      drain(queue);
  }
}

}  // namespace
}  // namespace tailrace
