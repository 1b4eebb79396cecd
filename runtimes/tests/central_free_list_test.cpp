// SPDX-License-Identifier: MIT
// How free frames move between threads and how many are kept. operator new and delete are replaced
// in this executable and counted; each test has a size of its own, and so a depot of its own.
#include "runtimes/base/central_free_list.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "runtimes/base/frame_allocator.hpp"
#include "runtimes/tests/test_where.hpp"

namespace {

std::atomic<std::size_t> allocated{0};
std::atomic<std::size_t> freed{0};

}  // namespace

#if TAILRACE_RECYCLES_FRAMES  // a sanitizer brings its own
// Not inlined: g++ would see malloc beside delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocated;
  if (void* const block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  ++freed;
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
#endif

namespace tailrace {
namespace {

constexpr std::size_t list_frames = frame_lists::kept_per_class;
constexpr std::size_t depot_frames =
    central_free_list::batches_max * central_free_list::batch_frames;

void allocate(std::vector<void*>& frames, std::size_t size) {
  for (void*& frame : frames)
    frame = frame_allocator::allocate(size);
}
void release(std::vector<void*>& frames, std::size_t size) {
  for (void* const frame : frames)
    frame_allocator::release(frame, size);
}
template <class Work>
void on_a_thread(Work&& work) {
  std::thread(work).join();
}

TEST(central_free_list, gives_back_what_it_was_given_and_says_when_it_is_full) {
  central_free_list depot;
  std::vector<free_frame> batches(central_free_list::batches_max + 1);
  EXPECT_TRUE(depot.looks_empty());
  EXPECT_EQ(depot.take(), nullptr);
  for (std::size_t i = 0; i < central_free_list::batches_max; ++i)
    EXPECT_TRUE(depot.give(&batches[i]));
  EXPECT_TRUE(depot.looks_full());
  EXPECT_FALSE(depot.give(&batches.back()));
  for (std::size_t i = central_free_list::batches_max; i-- > 0;)
    EXPECT_EQ(depot.take(), &batches[i]);
  EXPECT_EQ(depot.take(), nullptr);
}

TEST(frame_allocator, what_one_thread_spawns_and_another_frees_needs_no_malloc_after_warm_up) {
  constexpr std::size_t size = 200;
  constexpr std::size_t in_a_round = 48;
  // Until the consumer's list is full, and then once through the 4 rounds after which batches and
  // rounds end together.
  constexpr std::size_t warm_up_rounds = list_frames / in_a_round + 1 + 4 + 1;
  constexpr std::size_t rounds = warm_up_rounds + 500;
  std::vector<void*> frames(in_a_round);
  std::barrier turn(2);
  std::size_t before = 0;
  std::size_t after = 0;
  std::thread consumer([&] {
    for (std::size_t round = 0; round < rounds; ++round) {
      turn.arrive_and_wait();
      release(frames, size);
      turn.arrive_and_wait();
    }
  });
  on_a_thread([&] {
    for (std::size_t round = 0; round < rounds; ++round) {
      if (round == warm_up_rounds) before = allocated;
      allocate(frames, size);
      turn.arrive_and_wait();
      turn.arrive_and_wait();
    }
    after = allocated;
  });
  consumer.join();
  if (TAILRACE_RECYCLES_FRAMES) {
    EXPECT_EQ(after - before, 0u);
  }
}

// Not with a sanitizer, which must see every frame freed.
TEST_WHERE(TAILRACE_RECYCLES_FRAMES, frame_allocator,
           a_burst_leaves_a_full_list_and_a_full_depot_behind_no_more) {
  constexpr std::size_t size = 328;
  std::vector<void*> frames(list_frames + depot_frames + 700);
  on_a_thread([&] {
    allocate(frames, size);
    const std::size_t freed_before = freed;
    release(frames, size);
    const std::size_t kept = frames.size() - (freed - freed_before);
    EXPECT_LE(kept, list_frames + depot_frames);
    EXPECT_GT(kept, list_frames + depot_frames - central_free_list::batch_frames);
    const std::size_t allocated_before = allocated;
    allocate(frames, size);
    EXPECT_EQ(allocated - allocated_before, frames.size() - kept);
    release(frames, size);
  });
}

// Not with a sanitizer, which must see every frame freed.
TEST_WHERE(TAILRACE_RECYCLES_FRAMES, frame_allocator,
           a_thread_that_ends_leaves_whole_batches_to_the_others) {
  constexpr std::size_t size = 456;
  std::vector<void*> frames(3 * central_free_list::batch_frames + 5);
  const auto use = [&] {
    allocate(frames, size);
    release(frames, size);
  };
  const std::size_t freed_at_first = freed;
  on_a_thread(use);
  EXPECT_GE(freed - freed_at_first, 5u);  // the thread's own state may add to the five
  std::size_t allocated_again = 0;
  on_a_thread([&] {
    const std::size_t before = allocated;
    use();
    allocated_again = allocated - before;
  });
  EXPECT_EQ(allocated_again, 5u);
}

// Not with a sanitizer, which must see every frame freed.
TEST_WHERE(TAILRACE_RECYCLES_FRAMES, frame_allocator,
           threads_that_end_one_after_another_leave_no_more_than_a_full_depot) {
  constexpr std::size_t size = 584;
  constexpr std::size_t threads = 4 * depot_frames / list_frames;
  std::vector<std::vector<void*>> frames(threads, std::vector<void*>(list_frames));
  const std::size_t living_before = allocated - freed;
  for (auto& each : frames)
    on_a_thread([&] { allocate(each, size); });
  for (auto& each : frames)
    on_a_thread([&] { release(each, size); });
  EXPECT_EQ(allocated - freed - living_before, depot_frames);
}

// Frees a frame, and takes and frees another, in a destructor that runs after the lists are gone.
struct frees_late {
  static constexpr std::size_t size = 712;
  void* frame = nullptr;
  ~frees_late() {
    frame_allocator::release(frame, size);
    frame_allocator::release(frame_allocator::allocate(size), size);
  }
};

TEST(frame_allocator, a_frame_freed_after_the_lists_of_its_thread_goes_to_malloc) {
  std::vector<void*> frames(central_free_list::batch_frames);
  const auto use = [&] {
    allocate(frames, frees_late::size);
    release(frames, frees_late::size);
  };
  on_a_thread(use);  // leaves a batch in the depot
  const std::size_t living_before = allocated - freed;
  on_a_thread([] {
    thread_local frees_late late;  // constructed before the lists, so destroyed after them
    late.frame = ::operator new(frees_late::size);
    frame_allocator::release(frame_allocator::allocate(1), 1);  // constructs the lists
    frame_allocator::release(frame_allocator::allocate(1), 1);
  });
  EXPECT_EQ(allocated - freed, living_before);
  std::size_t allocated_again = 0;
  on_a_thread([&] {
    const std::size_t before = allocated;
    use();
    allocated_again = allocated - before;
  });
  if (TAILRACE_RECYCLES_FRAMES) {
    EXPECT_EQ(allocated_again, 0u);
  }
}

}  // namespace
}  // namespace tailrace
