// SPDX-License-Identifier: MIT
// The shared parts under real threads, for the thread sanitizer and for what small models cannot
// show: millions of turns, full rings, wrapped positions. What an item carries is plain data, so
// that an item taken twice, or before it was published, is a race. Bounded by counts, not by time.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "runtimes/base/central_free_list.hpp"
#include "runtimes/base/inject_queue.hpp"
#include "runtimes/base/locked_pointer.hpp"
#include "runtimes/base/stealing_queue.hpp"
#include "runtimes/base/timer_heap.hpp"

namespace tailrace {
namespace {

struct item : runnable {
  int written = 0;
  int used = 0;
};

void use(runnable& one) {
  auto& used = static_cast<item&>(one);
  if (used.written == 1) ++used.used;
}

void expect_each_used_once(const std::vector<item>& items) {
  std::size_t wrong = 0;
  for (const item& one : items)
    wrong += one.used == 1 ? 0 : 1;
  EXPECT_EQ(wrong, 0u);
}

template <class Queue>
bool use_one(Queue& queue) {
  item* const popped = queue.pop();
  if (popped != nullptr) use(*popped);
  return popped != nullptr;
}

constexpr std::size_t items_pushed = 400'000;

// The owner pushes all items and pops some; two thieves steal from it and from each other.
template <std::uint32_t Slots>
void steal_from_an_owner() {
  using queue = stealing_queue<item, Slots>;
  std::vector<item> items(items_pushed);
  std::array<queue, 3> queues{queue(UINT32_MAX - 10'000), queue(UINT32_MAX - 20), queue(0)};
  std::atomic<bool> pushed{false};
  std::barrier start(3);
  const auto steal = [&](std::size_t self) {
    start.arrive_and_wait();
    for (std::size_t turn = 0;; ++turn) {
      const bool last_round = pushed;
      std::size_t found = 0;
      for (const std::size_t victim : {(self + 1) % 3, (self + 2) % 3}) {
        std::uint32_t moved = 0;
        item* const first = queues[victim].steal_into(queues[self], moved);
        if (first != nullptr) use(*first);
        found += moved;
      }
      while (turn % 8 != 0 && use_one(queues[self])) {  // else the other thief has a chance
      }
      if (found == 0 && last_round && queues[0].looks_empty()) break;
      if (found == 0) std::this_thread::yield();
    }
    while (use_one(queues[self])) {
    }
  };
  std::thread first([&] { steal(1); });
  std::thread second([&] { steal(2); });
  start.arrive_and_wait();
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].written = 1;
    if (!queues[0].push(items[i])) {
      queues[0].shed([](item& one) { use(one); });
      if (!queues[0].push(items[i])) use(items[i]);
    }
    if (i % 3 == 0) use_one(queues[0]);
  }
  pushed = true;
  first.join();
  second.join();
  while (use_one(queues[0])) {
  }
  expect_each_used_once(items);
}

TEST(stealing_queue_stress, small_ring) {
  steal_from_an_owner<4>();
}
TEST(stealing_queue_stress, ring_of_the_usual_size) {
  steal_from_an_owner<256>();
}

TEST(inject_queue_stress, pushed_and_taken_at_once) {
  constexpr std::size_t rounds = 40;
  constexpr std::size_t of_a_pusher = 4'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<item> items(2 * of_a_pusher);
    inject_queue queue;
    std::atomic<std::size_t> taken{0};
    std::barrier start(4);
    const auto push = [&](std::size_t first) {
      start.arrive_and_wait();
      for (std::size_t i = first; i < first + of_a_pusher; i += 2) {
        items[i].written = items[i + 1].written = 1;
        items[i].next_ready = &items[i + 1];
        queue.push_batch(&items[i], &items[i + 1], 2);
      }
    };
    const auto take = [&](std::size_t most) {
      start.arrive_and_wait();
      while (taken < items.size()) {
        const std::size_t got = queue.take(most, use);
        taken += got;
        if (got == 0) std::this_thread::yield();
      }
    };
    std::vector<std::thread> threads;
    threads.emplace_back([&] { push(0); });
    threads.emplace_back([&] { push(of_a_pusher); });
    threads.emplace_back([&] { take(7); });
    take(3);
    for (std::thread& each : threads)
      each.join();
    EXPECT_EQ(queue.size(), 0u);
    expect_each_used_once(items);
  }
}

// Threads pass batches round; a batch in two hands at once is a race on its link.
TEST(central_free_list_stress, a_batch_is_in_one_hand_at_a_time) {
  central_free_list depot;
  std::vector<free_frame> batches(8);
  for (free_frame& batch : batches)
    ASSERT_TRUE(depot.give(&batch));
  std::vector<std::thread> threads;
  std::barrier start(3);
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int turn = 0; turn < 100'000; ++turn) {
        free_frame* const batch = depot.looks_empty() ? nullptr : depot.take();
        if (batch == nullptr) continue;
        batch->next = batch;
        EXPECT_TRUE(depot.give(batch));
      }
    });
  for (std::thread& each : threads)
    each.join();
  std::size_t count = 0;
  while (depot.take() != nullptr)
    ++count;
  EXPECT_EQ(count, batches.size());
}

// Each thread arms and cancels its own timers, all expire whichever are due: what derives from a
// node is touched under the lock alone.
TEST(timer_heap_stress, shared_under_a_lock) {
  struct timer : timer_node {
    int fired = 0;
    int armed = 0;
  };
  std::mutex lock;
  timer_heap heap;
  std::int64_t now_ns = 0;
  std::vector<std::vector<timer>> timers(3, std::vector<timer>(50));
  std::vector<std::thread> threads;
  std::barrier start(3);
  for (unsigned self = 0; self < 3; ++self)
    threads.emplace_back([&, self] {
      std::minstd_rand random(self + 1);
      start.arrive_and_wait();
      for (int turn = 0; turn < 50'000; ++turn) {
        timer& own = timers[self][random() % 50];
        const auto distance = static_cast<std::int64_t>(random() % 9'000'000);
        const std::scoped_lock guard(lock);
        if (!timer_heap::armed(own)) {
          ++own.armed;
          heap.arm(own, timer_heap::time(std::chrono::nanoseconds(now_ns + distance)));
        } else if (turn % 3 == 0) {
          --own.armed;
          heap.cancel(own);
        }
        now_ns += 5'000;
        while (timer_node* const node =
                   heap.take_expired(timer_heap::time(std::chrono::nanoseconds(now_ns))))
          ++static_cast<timer&>(*node).fired;
      }
    });
  for (std::thread& each : threads)
    each.join();
  while (timer_node* const node = heap.take_expired(timer_heap::time::max()))
    ++static_cast<timer&>(*node).fired;
  for (const auto& of_a_thread : timers)
    for (const timer& each : of_a_thread)
      EXPECT_EQ(each.fired, each.armed);
}

// Threads that claim one word in turn: each finds what the one before it left, and what that one
// wrote meanwhile is its own.
TEST(locked_pointer, who_claims_keeps_all_others_out) {
  constexpr int turns = 2'000'000;
  std::array<int, 2> marks{};
  void* word = nullptr;
  std::array<long, 3> counts{};  // plain: a race if two are inside
  std::barrier start(3);
  const auto take_turns = [&] {
    start.arrive_and_wait();
    for (int i = 0; i < turns; ++i) {
      void* const found = locked_pointer::claim(word);
      ++counts[found == nullptr ? 0 : found == &marks[0] ? 1 : 2];
      locked_pointer::release(word, found == nullptr     ? &marks[0]
                                    : found == &marks[0] ? &marks[1]
                                                         : nullptr);
    }
  };
  std::array<std::thread, 3> threads;
  for (std::thread& each : threads)
    each = std::thread(take_turns);
  for (std::thread& each : threads)
    each.join();
  for (const long count : counts)
    EXPECT_EQ(count, turns);
}

}  // namespace
}  // namespace tailrace
