// SPDX-License-Identifier: MIT
#include "runtimes/base/inject_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tailrace {
namespace {

std::vector<runnable*> take(inject_queue& queue, std::size_t max) {
  std::vector<runnable*> taken;
  const std::size_t count = queue.take(max, [&](runnable& item) { taken.push_back(&item); });
  EXPECT_EQ(count, taken.size());
  return taken;
}

TEST(inject_queue, is_first_in_first_out_and_takes_no_more_than_asked) {
  inject_queue queue;
  std::vector<runnable> items(4);
  EXPECT_TRUE(take(queue, 3).empty());
  for (runnable& item : items)
    queue.push(item);
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_TRUE(take(queue, 0).empty());
  EXPECT_EQ(take(queue, 3), (std::vector{&items[0], &items[1], &items[2]}));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(take(queue, 3), (std::vector{&items[3]}));
  queue.push(items[0]);
  EXPECT_EQ(take(queue, 3), (std::vector{&items[0]}));
}

TEST(inject_queue, takes_a_batch_in_one_go_behind_what_is_there) {
  inject_queue queue;
  std::vector<runnable> items(4);
  queue.push(items[0]);
  items[1].next_ready = &items[2];
  items[2].next_ready = &items[3];
  items[3].next_ready = &items[0];  // whatever follows the last is not the queue's
  queue.push_batch(&items[1], &items[3], 3);
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_EQ(take(queue, 10), (std::vector{&items[0], &items[1], &items[2], &items[3]}));
}

TEST(inject_queue, the_sink_may_push_and_destroy) {
  inject_queue queue;
  queue.push(*new runnable{});
  queue.push(*new runnable{});
  std::vector<runnable> more(2);
  unsigned pushed = 0;
  queue.take(2, [&](runnable& item) {
    delete &item;
    queue.push(more[pushed++]);
  });
  EXPECT_EQ(take(queue, 9), (std::vector{&more[0], &more[1]}));
}

}  // namespace
}  // namespace tailrace
