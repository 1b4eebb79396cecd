// SPDX-License-Identifier: MIT
// Unit tests of the parts that recycle memory: frame allocator, buffer pool and leases, and the
// ready queue. What frames threads exchange and keep: central_free_list_test.cpp.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/frame_allocator.hpp"
#include "runtimes/base/ready_queue.hpp"
#include "runtimes/tests/test_where.hpp"

namespace tailrace {
namespace {

// Not with a sanitizer, which must see every frame freed.
TEST_WHERE(TAILRACE_RECYCLES_FRAMES, frame_allocator,
           recycles_a_frame_of_the_same_class_last_in_first_out) {
  void* const first = frame_allocator::allocate(100);
  void* const second = frame_allocator::allocate(100);
  frame_allocator::release(first, 100);
  frame_allocator::release(second, 100);
  EXPECT_EQ(frame_allocator::allocate(89), second);  // 89 to 104 bytes are one class
  EXPECT_EQ(frame_allocator::allocate(104), first);
  void* const other = frame_allocator::allocate(105);
  EXPECT_NE(other, first);
  frame_allocator::release(first, 100);
  frame_allocator::release(second, 100);
  frame_allocator::release(other, 105);
}

TEST(frame_allocator, gives_every_byte_asked_for_at_every_size) {
  for (std::size_t size = 1; size < 3000; size += 13) {
    void* const frame = frame_allocator::allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame) % alignof(std::max_align_t), 0u);
    std::memset(frame, 0xa5, size);  // A sanitizer sees a byte too few.
    frame_allocator::release(frame, size);
  }
}

TEST(frame_allocator, a_frame_may_be_freed_by_another_thread) {
  void* const frame = frame_allocator::allocate(200);
  std::thread([frame] {
    frame_allocator::release(frame, 200);
    void* const again = frame_allocator::allocate(200);
    if (TAILRACE_RECYCLES_FRAMES) {
      EXPECT_EQ(again, frame);
    }
    frame_allocator::release(again, 200);
  }).join();
}

TEST(buffer_pool, lends_the_buffer_that_came_back_last) {
  buffer_pool pool;
  std::byte* const first = pool.take();
  std::byte* const second = pool.take();
  EXPECT_NE(first, second);
  std::memset(first, 1, buffer_pool::buffer_bytes);
  std::memset(second, 2, buffer_pool::buffer_bytes);
  pool.give_back(first);
  pool.give_back(second);
  EXPECT_EQ(pool.take(), second);
  EXPECT_EQ(pool.take(), first);
  pool.give_back(second);
  pool.give_back(first);
}

TEST(buffer_pool, takes_back_more_than_it_keeps) {
  buffer_pool pool;
  std::vector<std::byte*> lent(buffer_pool::spare_kept + 10);
  for (std::byte*& buffer : lent)
    buffer = pool.take();
  EXPECT_EQ(std::set<std::byte*>(lent.begin(), lent.end()).size(), lent.size());
  for (std::byte* const buffer : lent)
    pool.give_back(buffer);
}

void destroy_while_lent() {
  buffer_pool pool;
  static_cast<void>(pool.take());
}

TEST(buffer_pool_death, destroyed_while_a_buffer_is_out_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(destroy_while_lent(), "lent == 0.*values 1");
}

TEST(buffer_lease, gives_its_buffer_back_once_whatever_moves) {
  buffer_pool pool;  // Its destructor finds a buffer that came back twice or never.
  buffer_lease first(pool.take(), io_result::of_count(3), {&pool});
  buffer_lease second(pool.take(), io_result::of_count(4), {&pool});
  const std::byte* const bytes = first.bytes().data();
  buffer_lease moved(std::move(first));
  buffer_lease& same = moved;
  moved = std::move(same);
  EXPECT_EQ(moved.bytes().data(), bytes);
  EXPECT_EQ(moved.bytes().size(), 3u);
  std::swap(moved, second);
  EXPECT_EQ(second.bytes().data(), bytes);
  second = buffer_lease();
  EXPECT_EQ(second.bytes().size(), 0u);
}

TEST(buffer_lease, of_a_failure_has_no_bytes) {
  const buffer_lease failed(io_result::of_error(ECONNRESET));
  EXPECT_TRUE(failed.bytes().empty());
  EXPECT_EQ(failed.status().error(), ECONNRESET);
}

TEST(ready_queue, is_first_in_first_out) {
  ready_queue queue;
  std::vector<runnable> items(5);
  EXPECT_TRUE(queue.empty());
  for (runnable& item : items)
    queue.push(item);
  EXPECT_EQ(queue.size(), 5u);
  for (runnable& item : items)
    EXPECT_EQ(&queue.pop(), &item);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
}

TEST(ready_queue, takes_an_item_again_as_soon_as_it_is_popped) {
  ready_queue queue;
  runnable first;
  runnable second;
  queue.push(first);
  queue.push(second);
  for (int i = 0; i < 10; ++i) {
    runnable& popped = queue.pop();
    EXPECT_EQ(&popped, i % 2 == 0 ? &first : &second);
    queue.push(popped);
  }
  queue.pop();
  queue.pop();
  EXPECT_TRUE(queue.empty());
  queue.push(second);
  EXPECT_EQ(&queue.pop(), &second);
}

}  // namespace
}  // namespace tailrace
