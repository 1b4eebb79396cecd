// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/buffer_ring.hpp"

#include <sys/socket.h>

#include <array>
#include <cstring>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtimes/base/sys.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"

namespace tailrace::uring {
namespace {

// A connected pair of sockets and a ring that receives from one of them into provided buffers.
class receiving {
 public:
  explicit receiving(const buffer_ring_shape& shape)
      : ring_(opened()), buffers_(created(ring_, shape)) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw std::runtime_error("socketpair");
    near_ = sys::descriptor(ends[0]);
    far_ = sys::descriptor(ends[1]);
  }

  // Sends it and receives it back; the id of its buffer, or -errno.
  int pass(const std::string& message) {
    EXPECT_TRUE(sys::send(far_.get(), std::as_bytes(std::span(message))).ok());
    buffers_.publish();
    io_uring_sqe& entry = ring_.entry();
    ::io_uring_prep_recv(&entry, near_.get(), nullptr, buffers_.buffer_bytes(), 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = buffers_.group();
    ring_.submit_and_wait(1);
    int answer = 0;
    ring_.take_completions([&](const io_uring_cqe& done) {
      answer = done.res < 0 ? done.res : buffer_ring::id_of(done);
      if (done.res < 0) return;
      buffers_.taken();
      const std::byte* const bytes = buffers_.address(buffer_ring::id_of(done));
      EXPECT_EQ(static_cast<std::size_t>(done.res), message.size());
      EXPECT_EQ(std::memcmp(bytes, message.data(), message.size()), 0);
    });
    return answer;
  }

  buffer_ring& buffers() { return buffers_; }

 private:
  static ring opened() {
    auto made = ring::open({});
    if (!made || made->enable() != 0) throw std::runtime_error("no ring");
    return std::move(*made);
  }
  static buffer_ring created(ring& owner, const buffer_ring_shape& shape) {
    auto made = buffer_ring::create(owner, shape);
    if (!made) throw std::runtime_error(made.error().sentence());
    return std::move(*made);
  }

  ring ring_;
  buffer_ring buffers_;
  sys::descriptor near_;
  sys::descriptor far_;
};

buffer_ring_shape four_of_which_two() {
  buffer_ring_shape shape;
  shape.group = 3;
  shape.buffers = 4;
  shape.buffer_bytes = 128;
  shape.window = 2;
  return shape;
}

TEST(uring_buffer_ring, lends_each_buffer_once) {
  TAILRACE_NEEDS_URING();
  receiving sockets(four_of_which_two());
  EXPECT_EQ(sockets.buffers().lent(), 0u);
  std::set<int> ids;
  for (int i = 0; i < 4; ++i)
    ids.insert(sockets.pass("message " + std::to_string(i)));
  EXPECT_EQ(ids, (std::set<int>{0, 1, 2, 3}));
  EXPECT_EQ(sockets.buffers().lent(), 4u);
  EXPECT_EQ(sockets.pass("one too many"), -ENOBUFS);
}

TEST(uring_buffer_ring, publishes_the_buffer_that_came_back_last_before_all_others) {
  TAILRACE_NEEDS_URING();
  receiving sockets(four_of_which_two());
  // Two are published; each message takes one of them and puts it on top of the stack: the same two
  // go round for ever, however many messages come.
  std::set<int> ids;
  for (int i = 0; i < 1000; ++i) {
    const int id = sockets.pass("message " + std::to_string(i));
    ASSERT_GE(id, 0);
    ids.insert(id);
    sockets.buffers().recycle(static_cast<std::uint16_t>(id));
  }
  EXPECT_EQ(ids.size(), 2u);
  EXPECT_EQ(sockets.buffers().lent(), 0u);
}

TEST(uring_buffer_ring, widens_up_to_all_its_buffers) {
  TAILRACE_NEEDS_URING();
  receiving sockets(four_of_which_two());
  EXPECT_EQ(sockets.buffers().published(), 2u);
  EXPECT_TRUE(sockets.buffers().widen());
  sockets.buffers().publish();
  EXPECT_EQ(sockets.buffers().published(), 4u);
  EXPECT_FALSE(sockets.buffers().widen());
}

TEST(uring_buffer_ring, goes_round_its_counters) {
  TAILRACE_NEEDS_URING();
  buffer_ring_shape one = four_of_which_two();
  one.buffers = 1;
  receiving sockets(one);
  EXPECT_EQ(sockets.buffers().window(), 1u);
  for (int i = 0; i < 70'000; ++i) {  // its tail is 16 bits wide
    ASSERT_EQ(sockets.pass("x"), 0);
    sockets.buffers().recycle(0);
  }
}

}  // namespace
}  // namespace tailrace::uring
