// SPDX-License-Identifier: MIT
// The loop over io_uring on sockets of the test's own, whose send buffers hold less than a message:
// every send is short.
#include "harness/load/uring_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <thread>
#include <vector>

#include "harness/load/tally.hpp"
#include "harness/observe/clock.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"

namespace tailrace::load {
namespace {

// Sends back what comes on a socket, `hold_bytes` at a time, by blocking calls on a thread of its
// own, until it ends.
class echo_thread {
 public:
  echo_thread(int fd, std::size_t hold_bytes)
      : fd_(fd), thread_([fd, hold_bytes] { run(fd, hold_bytes); }) {}
  ~echo_thread() {
    thread_.join();
    ::close(fd_);
  }
  echo_thread(const echo_thread&) = delete;
  echo_thread& operator=(const echo_thread&) = delete;

 private:
  static void run(int fd, std::size_t hold_bytes) {
    std::vector<char> bytes(hold_bytes);
    while (::recv(fd, bytes.data(), hold_bytes, MSG_WAITALL) == static_cast<ssize_t>(hold_bytes)) {
      std::size_t sent = 0;
      while (sent < hold_bytes) {
        const ssize_t part = ::send(fd, bytes.data() + sent, hold_bytes - sent, MSG_NOSIGNAL);
        if (part <= 0) return;
        sent += static_cast<std::size_t>(part);
      }
    }
  }

  int fd_;
  std::thread thread_;
};

// One connection whose socket takes some 4 KiB at a time.
tally run_with_little_room(std::size_t message_bytes, std::uint32_t depth, std::size_t hold_bytes) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const int least = 1;  // the kernel makes it the least that it allows
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  const echo_thread server(ends[1], hold_bytes);
  std::vector<connection> connections(1);
  connections[0].fd = ends[0];
  connections[0].alive = true;
  connections[0].ring.resize(std::bit_ceil(depth));
  const auto format = message_format::echo(message_bytes, 1);
  uring_port port({.connections = 1,
                   .request_bytes = message_bytes,
                   .answer_bytes = message_bytes,
                   .outstanding_max = depth});
  port.adopt(connections);
  const std::atomic<bool> never_stop{false};
  const std::int64_t now = observe::monotonic_ns();
  tally counted;
  uring_loop loop(port, connections,
                  {.format = &format,
                   .outstanding_max = depth,
                   .start_ns = now,
                   .end_ns = now + 100 * observe::ns_per_ms,
                   .drain_ns = 5 * observe::ns_per_s,
                   .timeout_ns = 60 * observe::ns_per_s,
                   .stop = &never_stop},
                  {{.schedule = nullptr, .into = &counted}});
  loop.run();
  ::close(ends[0]);
  return counted;
}

void expect_all_right(const tally& counted) {
  counted.counts.check_identities();
  EXPECT_GT(counted.counts.ok, 0U);
  EXPECT_EQ(counted.counts.ok, counted.counts.sent);
  EXPECT_EQ(counted.extra_bytes, 0U);
  EXPECT_TRUE(counted.lost_connections.empty());
}

// Nothing tells that it went out but the answer: the kernel has to send all of it.
TEST(uring_loop, a_short_send_without_a_completion_goes_on_in_the_kernel) {
  TAILRACE_NEEDS_URING();
  expect_all_right(run_with_little_room(12'000, 1, 1000));
}

TEST(uring_loop, a_short_send_goes_on_where_its_completion_says) {
  TAILRACE_NEEDS_URING();
  expect_all_right(run_with_little_room(3'000, 5, 1000));
}

TEST(uring_loop, a_large_message_waits_for_room_and_goes_on) {
  TAILRACE_NEEDS_URING();
  expect_all_right(run_with_little_room(100'000, 1, 1000));
  expect_all_right(run_with_little_room(100'000, 3, 1000));
}

// No answer, and so no event, before all of it went out.
TEST(uring_loop, a_message_that_is_answered_as_a_whole_is_sent_as_a_whole) {
  TAILRACE_NEEDS_URING();
  for (const std::size_t bytes : {12'000U, 100'000U})
    expect_all_right(run_with_little_room(bytes, 1, bytes));
}

}  // namespace
}  // namespace tailrace::load
