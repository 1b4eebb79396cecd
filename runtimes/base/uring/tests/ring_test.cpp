// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/ring.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "runtimes/base/sys.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"

namespace tailrace::uring {
namespace {

using namespace std::chrono_literals;

ring opened(const ring_wishes& wishes = {}) {
  auto made = ring::open(wishes);
  if (!made) throw std::runtime_error(made.error().sentence());
  if (const int refused = made->enable(); refused != 0)
    throw std::runtime_error("enable: " + sys::errno_name(refused));
  return std::move(*made);
}

void queue_nop(ring& on, std::uint64_t data) {
  io_uring_sqe& entry = on.entry();
  ::io_uring_prep_nop(&entry);
  entry.user_data = data;
}

std::set<std::uint64_t> take_data(ring& from) {
  std::set<std::uint64_t> data;
  from.take_completions([&](const io_uring_cqe& done) { data.insert(done.user_data); });
  return data;
}

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

TEST(uring_ring, completes_what_was_submitted) {
  TAILRACE_NEEDS_URING();
  ring mine = opened();
  queue_nop(mine, 7);
  queue_nop(mine, 8);
  EXPECT_EQ(mine.queued(), 2u);
  mine.submit_and_wait(2);
  EXPECT_EQ(mine.queued(), 0u);
  EXPECT_EQ(take_data(mine), (std::set<std::uint64_t>{7, 8}));
  EXPECT_EQ(mine.completed(), 0u);
  EXPECT_EQ(mine.submitted(), 2u);
  EXPECT_EQ(mine.enters(), 1u);
}

TEST(uring_ring, works_in_every_mode_and_says_which_it_got) {
  TAILRACE_NEEDS_URING();
  for (const taskrun completions : {taskrun::none, taskrun::coop, taskrun::defer})
    for (const bool plain : {false, true}) {
      ring_wishes wishes;
      wishes.completions = completions;
      wishes.registered_fd = wishes.no_sqarray = wishes.no_iowait = !plain;
      ring mine = opened(wishes);
      // Twice round the submission ring.
      for (std::uint64_t turn = 0; turn < 2 * wishes.entries + 3; ++turn) {
        queue_nop(mine, turn);
        mine.submit_and_wait(1);
        ASSERT_EQ(take_data(mine), (std::set<std::uint64_t>{turn}));
      }
      EXPECT_TRUE(!plain || !mine.has("no_sqarray"));
      EXPECT_TRUE(!plain || !mine.has("registered_ring"));
      EXPECT_EQ(mine.has("coop_taskrun") && mine.has("defer_taskrun"), false);
      EXPECT_TRUE(completions == taskrun::defer || !mine.has("defer_taskrun"));
      for (const std::string& name : mine.missing())
        EXPECT_FALSE(mine.has(name)) << name;
    }
}

TEST(uring_ring, a_wish_is_either_granted_or_missing) {
  TAILRACE_NEEDS_URING();
  ring mine = opened();
  for (const char* wish : {"no_sqarray", "defer_taskrun", "single_issuer", "submit_all",
                           "registered_ring", "no_iowait"}) {
    const auto& missing = mine.missing();
    const bool is_missing = std::ranges::find(missing, wish) != missing.end();
    EXPECT_NE(mine.has(wish), is_missing) << wish;
  }
}

TEST(uring_ring, more_entries_than_the_ring_has_are_submitted_on_the_way) {
  TAILRACE_NEEDS_URING();
  ring_wishes wishes;
  wishes.entries = 4;
  wishes.cq_entries = 64;
  ring mine = opened(wishes);
  for (std::uint64_t i = 0; i < 50; ++i)
    queue_nop(mine, i);
  mine.submit_and_wait(50);
  EXPECT_EQ(take_data(mine).size(), 50u);
}

TEST(uring_ring, completions_without_room_are_delivered_later) {
  TAILRACE_NEEDS_URING();
  ring_wishes wishes;
  wishes.entries = 8;
  wishes.cq_entries = 8;
  ring mine = opened(wishes);
  for (std::uint64_t i = 0; i < 40; ++i)
    queue_nop(mine, i);
  mine.submit();
  EXPECT_TRUE(mine.overflown());
  std::set<std::uint64_t> all;
  for (int turn = 0; turn < 40 && all.size() < 40; ++turn) {
    all.merge(take_data(mine));
    mine.submit_and_wait(0);
  }
  all.merge(take_data(mine));
  EXPECT_EQ(all.size(), 40u);
}

TEST(uring_ring, a_wait_ends_at_its_deadline_and_not_before) {
  TAILRACE_NEEDS_URING();
  ring mine = opened();
  const auto deadline = std::chrono::steady_clock::now() + 5ms;
  while (std::chrono::steady_clock::now() < deadline)
    mine.submit_and_wait(1, deadline);
  EXPECT_EQ(mine.completed(), 0u);
  mine.submit_and_wait(1, deadline);  // in the past: polls
  mine.submit_and_wait(1, ring::time::min());
  mine.submit_and_wait(2, std::chrono::steady_clock::now() + 1ms, 50);  // where there is min-wait
  EXPECT_EQ(mine.completed(), 0u);
}

TEST(uring_ring, min_wait_returns_what_came_meanwhile) {
  TAILRACE_NEEDS_URING();
  ring mine = opened();
  queue_nop(mine, 1);
  mine.submit_and_wait(100, ring::time::max(), 100);  // 100 never come; one is enough then
  EXPECT_EQ(take_data(mine), (std::set<std::uint64_t>{1}));
}

TEST(uring_ring, sqpoll_submits_without_calls) {
  TAILRACE_NEEDS_URING();
  ring_wishes wishes;
  wishes.sqpoll = true;
  ring mine = opened(wishes);
  EXPECT_TRUE(mine.has("sqpoll"));
  EXPECT_FALSE(mine.has("defer_taskrun"));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    queue_nop(mine, i);
    mine.submit_and_wait(1);
    ASSERT_EQ(take_data(mine), (std::set<std::uint64_t>{i}));
  }
  for (std::uint64_t i = 0; i < 1000; ++i)  // more than it has entries
    queue_nop(mine, i);
  std::set<std::uint64_t> all;
  while (all.size() < 1000) {
    mine.submit_and_wait(1);
    all.merge(take_data(mine));
  }
}

TEST(uring_ring, a_message_from_another_thread_ends_its_wait) {
  TAILRACE_NEEDS_URING();
  if (!probe_kernel()->sync_message) GTEST_SKIP() << "needs Linux 6.13";
  ring mine = opened({});
  std::thread sender([&] { EXPECT_EQ(post_message(mine.descriptor(), -7, 42), 0); });
  while (mine.completed() == 0)
    mine.submit_and_wait(1);
  sender.join();
  mine.take_completions([](const io_uring_cqe& done) {
    EXPECT_EQ(done.res, -7);
    EXPECT_EQ(done.user_data, 42u);
  });
}

TEST(uring_ring, a_message_to_what_takes_none_is_refused) {
  TAILRACE_NEEDS_URING();
  EXPECT_NE(post_message(0, 1, 2), 0);
  auto disabled = ring::open({});
  ASSERT_TRUE(disabled.has_value());
  EXPECT_NE(post_message(disabled->descriptor(), 1, 2), 0);
}

TEST(uring_ring, moves_and_leaves_no_descriptor) {
  TAILRACE_NEEDS_URING();
  const std::ptrdiff_t before = open_descriptors();
  {
    ring first = opened();
    ring second = std::move(first);
    queue_nop(second, 3);
    second.submit_and_wait(1);
    EXPECT_EQ(take_data(second), (std::set<std::uint64_t>{3}));
    second = opened();
    EXPECT_GT(open_descriptors(), before);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(uring_kernel, tells_what_it_can) {
  TAILRACE_NEEDS_URING();
  const auto& kernel = probe_kernel();
  // What came later implies what came before.
  EXPECT_TRUE(kernel->buffer_rings || !kernel->multishot_receive);
  EXPECT_TRUE(kernel->multishot_receive || !kernel->defer_taskrun);
}

}  // namespace
}  // namespace tailrace::uring
