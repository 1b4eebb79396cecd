// SPDX-License-Identifier: MIT
// What the conformance checks of the target cannot arrange: a process that is out of descriptors
// and has no connection whose end would give one back.
#include "runtimes/bare/epoll_echo.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace tailrace {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

class epoll_echo : public testing::TestWithParam<epoll_form> {
 protected:
  epoll_echo() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }

  int connected() const {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{10, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address = loopback(port_);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return descriptor;
  }

  static std::string echoed(int descriptor, const std::string& text) {
    EXPECT_EQ(::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    std::string back(text.size(), '\0');
    const ssize_t count = ::recv(descriptor, back.data(), back.size(), MSG_WAITALL);
    back.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return back;
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
};

TEST_P(epoll_echo, accepts_again_by_itself_once_there_are_descriptors) {
  bare_epoll_echo loop(listener_, GetParam());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int peer = connected();  // waits in the backlog: the loop does not run yet
  // The limit is one past the highest number in use, and no number below it is free.
  const int next = ::dup(peer);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);

  std::thread worker([&] { loop.run(); });
  while (loop.counts().accept_errors == 0)
    std::this_thread::yield();
  EXPECT_EQ(loop.counts().accepted, 0U);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(echoed(peer, "hello"), "hello");

  loop.stop();
  worker.join();
  const bare_counts counts = loop.counts();
  EXPECT_EQ(counts.accepted, 1U);
  EXPECT_EQ(counts.closed, 1U);
  EXPECT_EQ(counts.received_bytes, 5U);
  EXPECT_EQ(counts.sent_bytes, 5U);
  char end = 0;
  EXPECT_EQ(::recv(peer, &end, 1, 0), 0);
  ::close(peer);
}

TEST_P(epoll_echo, ends_where_it_was_stopped_before_it_ran) {
  bare_epoll_echo loop(listener_, GetParam());
  loop.stop();
  loop.run();
  EXPECT_EQ(loop.counts().accepted, 0U);
}

// Both are there before the loop looks: an edge trigger tells of them once.
TEST_P(epoll_echo, finds_the_end_that_came_with_the_data) {
  bare_epoll_echo loop(listener_, GetParam());
  const int peer = connected();
  EXPECT_EQ(::send(peer, "hello", 5, MSG_NOSIGNAL), 5);
  ::shutdown(peer, SHUT_WR);
  std::thread worker([&] { loop.run(); });
  std::string back(6, '\0');
  ssize_t count = 0;
  ssize_t last = 1;
  for (; last > 0; count += last)
    last = ::recv(peer, back.data() + count, back.size() - static_cast<std::size_t>(count), 0);
  EXPECT_EQ(last, 0);
  EXPECT_EQ(back.substr(0, static_cast<std::size_t>(count)), "hello");
  loop.stop();
  worker.join();
  ::close(peer);
}

TEST_P(epoll_echo, receives_more_than_a_buffer_holds) {
  bare_epoll_echo loop(listener_, GetParam());
  const int peer = connected();
  const std::string text(200'000, 'x');
  std::thread sender([&] {
    EXPECT_EQ(::send(peer, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    ::shutdown(peer, SHUT_WR);
  });
  std::thread worker([&] { loop.run(); });
  std::string back(text.size(), '\0');
  EXPECT_EQ(::recv(peer, back.data(), back.size(), MSG_WAITALL), static_cast<ssize_t>(text.size()));
  sender.join();
  loop.stop();
  worker.join();
  EXPECT_EQ(loop.counts().closed, 1U);
  EXPECT_EQ(loop.counts().sent_bytes, text.size());
  ::close(peer);
}

std::string form_name(const testing::TestParamInfo<epoll_form>& form) {
  return form.param == epoll_form::level  ? "level"
         : form.param == epoll_form::edge ? "edge"
                                          : "oneshot";
}
INSTANTIATE_TEST_SUITE_P(forms, epoll_echo,
                         testing::Values(epoll_form::level, epoll_form::edge, epoll_form::oneshot),
                         form_name);

}  // namespace
}  // namespace tailrace
