// SPDX-License-Identifier: MIT
// Every errno branch of base/sys, taken at least once: the linker sends the system calls of this
// executable through the functions below (--wrap), which fail as the test has scripted, and
// otherwise go on to the real ones.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <initializer_list>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/sys.hpp"

namespace {

// The errnos with which the next calls of a function fail; 0: goes on to the real one.
std::map<std::string, std::deque<int>> scripted;
std::map<std::string, int> calls;
// Of the calls of epoll_pwait2.
std::vector<std::chrono::nanoseconds> timeouts;

bool fails(const char* name) {
  ++calls[name];
  std::deque<int>& script = scripted[name];
  if (script.empty()) return false;
  errno = script.front();
  script.pop_front();
  return errno != 0;
}

}  // namespace

extern "C" {
long __real_syscall(long number, ...);
int __real_accept4(int fd, sockaddr* address, socklen_t* length, int flags);
int __real_epoll_wait(int fd, epoll_event* events, int count, int timeout);
int __real_epoll_pwait2(int fd, epoll_event* events, int count, const timespec* timeout,
                        const sigset_t* mask);
int __real_epoll_ctl(int fd, int operation, int other, epoll_event* event);
int __real_epoll_create1(int flags);
int __real_socket(int domain, int type, int protocol);
int __real_setsockopt(int fd, int level, int name, const void* value, socklen_t size);
int __real_listen(int fd, int backlog);
int __real_shutdown(int fd, int how);
ssize_t __real_write(int fd, const void* bytes, size_t size);
ssize_t __real_read(int fd, void* into, size_t size);
ssize_t __real_preadv2(int fd, const iovec* into, int count, off_t offset, int flags);

// What base/kernel_call.hpp uses where TAILRACE_PORTABLE_KERNEL_CALL is set, as it is here.
long __wrap_syscall(long number, long fd, void* bytes, size_t size, long flags, void* address,
                    size_t address_size) {
  if (fails(number == SYS_recvfrom ? "recv" : "send")) return -1;
  return __real_syscall(number, fd, bytes, size, flags, address, address_size);
}
ssize_t __wrap_preadv2(int fd, const iovec* into, int count, off_t offset, int flags) {
  return fails("preadv2") ? -1 : __real_preadv2(fd, into, count, offset, flags);
}
int __wrap_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return fails("accept4") ? -1 : __real_accept4(fd, address, length, flags);
}
int __wrap_epoll_wait(int fd, epoll_event* events, int count, int timeout) {
  return fails("epoll_wait") ? -1 : __real_epoll_wait(fd, events, count, timeout);
}
int __wrap_epoll_pwait2(int fd, epoll_event* events, int count, const timespec* timeout,
                        const sigset_t* mask) {
  timeouts.push_back(std::chrono::seconds(timeout->tv_sec) +
                     std::chrono::nanoseconds(timeout->tv_nsec));
  return fails("epoll_pwait2") ? -1 : __real_epoll_pwait2(fd, events, count, timeout, mask);
}
int __wrap_epoll_ctl(int fd, int operation, int other, epoll_event* event) {
  return fails("epoll_ctl") ? -1 : __real_epoll_ctl(fd, operation, other, event);
}
int __wrap_epoll_create1(int flags) {
  return fails("epoll_create1") ? -1 : __real_epoll_create1(flags);
}
int __wrap_socket(int domain, int type, int protocol) {
  return fails("socket") ? -1 : __real_socket(domain, type, protocol);
}
int __wrap_setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  return fails("setsockopt") ? -1 : __real_setsockopt(fd, level, name, value, size);
}
int __wrap_listen(int fd, int backlog) {
  return fails("listen") ? -1 : __real_listen(fd, backlog);
}
int __wrap_shutdown(int fd, int how) {
  return fails("shutdown") ? -1 : __real_shutdown(fd, how);
}
ssize_t __wrap_write(int fd, const void* bytes, size_t size) {
  return fails("write") ? -1 : __real_write(fd, bytes, size);
}
ssize_t __wrap_read(int fd, void* into, size_t size) {
  return fails("read") ? -1 : __real_read(fd, into, size);
}
}

namespace tailrace {
namespace {

using std::chrono::steady_clock;

class sys_faults : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    near_ = sys::descriptor(ends[0]);
    far_ = sys::descriptor(ends[1]);
    scripted.clear();
    calls.clear();
  }
  void TearDown() override {
    for (const auto& [name, script] : scripted)
      EXPECT_TRUE(script.empty()) << name << " was not called as often as scripted";
    scripted.clear();
  }
  static void script(const char* name, std::initializer_list<int> errors) {
    scripted[name].assign(errors);
  }
  io_result receive() { return sys::receive(near_.get(), buffer_); }
  io_result send() { return sys::send(near_.get(), std::span(buffer_).first(3)); }

  sys::descriptor near_;
  sys::descriptor far_;
  std::array<std::byte, 16> buffer_{};
};

constexpr auto peer_and_kernel_refusals = {EAGAIN,       ECONNRESET,  ECONNABORTED, ETIMEDOUT,
                                           EHOSTUNREACH, ENETUNREACH, ENETDOWN,     EPIPE,
                                           ENOMEM,       ENOBUFS};

TEST_F(sys_faults, receive_retries_after_a_signal) {
  ASSERT_EQ(sys::send(far_.get(), std::span(buffer_).first(5)), io_result::of_count(5));
  script("recv", {EINTR, EINTR});
  EXPECT_EQ(receive(), io_result::of_count(5));
  EXPECT_EQ(calls["recv"], 3);
}

TEST_F(sys_faults, receive_hands_on_refusals_as_values) {
  for (const int error : peer_and_kernel_refusals) {
    script("recv", {error});
    EXPECT_EQ(receive(), io_result::of_error(error));
  }
}

TEST_F(sys_faults, receive_on_no_descriptor_of_ours_aborts_and_names_it) {
  EXPECT_DEATH(static_cast<void>(sys::receive(12345, buffer_)),
               "recv on descriptor 12345 failed: EBADF");
}

TEST_F(sys_faults, send_retries_after_a_signal) {
  script("send", {EINTR, EINTR});
  EXPECT_EQ(send(), io_result::of_count(3));
  EXPECT_EQ(calls["send"], 3);
}

TEST_F(sys_faults, send_hands_on_refusals_as_values) {
  for (const int error : peer_and_kernel_refusals) {
    script("send", {error});
    EXPECT_EQ(send(), io_result::of_error(error));
  }
}

TEST_F(sys_faults, send_on_no_descriptor_of_ours_aborts_and_names_it) {
  EXPECT_DEATH(static_cast<void>(sys::send(12345, buffer_)),
               "send on descriptor 12345 failed: EBADF");
}

TEST_F(sys_faults, accept_skips_connections_that_died_in_the_queue) {
  script("accept4", {EINTR, ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET,
                     EHOSTUNREACH, ENETUNREACH, EAGAIN});
  EXPECT_EQ(sys::accept_stream(near_.get(), false), std::unexpected(EAGAIN));
}

TEST_F(sys_faults, accept_hands_on_refusals_as_values) {
  for (const int error : {EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM}) {
    script("accept4", {error});
    EXPECT_EQ(sys::accept_stream(near_.get(), false), std::unexpected(error));
  }
}

TEST_F(sys_faults, accept_on_a_listener_shut_down_is_cancelled) {
  script("accept4", {EINVAL});
  EXPECT_EQ(sys::accept_stream(near_.get(), false), std::unexpected(ECANCELED));
}

TEST_F(sys_faults, accept_on_no_descriptor_of_ours_aborts) {
  EXPECT_DEATH(static_cast<void>(sys::accept_stream(12345, false)),
               "accept4 on descriptor 12345 failed: EBADF");
}

TEST_F(sys_faults, accept_survives_a_refused_no_delay) {
  const endpoint where;
  auto listener = sys::listen_on(where, true);
  ASSERT_TRUE(listener);
  const sys::descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(sys::local_port(listener->get()));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  script("setsockopt", {EINVAL});
  const auto accepted = sys::accept_stream(listener->get(), true);
  ASSERT_TRUE(accepted);
  sys::close(*accepted);
}

TEST_F(sys_faults, listen_hands_on_refusals_as_sentences) {
  endpoint where;
  where.port = 4242;
  where.shared = true;
  const auto message_of = [&] { return sys::listen_on(where, false).error().message; };
  script("socket", {EMFILE});
  EXPECT_EQ(message_of(),
            "socket for 127.0.0.1:4242: EMFILE; raise the open-file limit (ulimit -n)");
  script("setsockopt", {EPERM});
  EXPECT_EQ(message_of(), "SO_REUSEADDR for 127.0.0.1:4242: EPERM");
  script("setsockopt", {0, ENOPROTOOPT});
  EXPECT_EQ(message_of(), "SO_REUSEPORT for 127.0.0.1:4242: ENOPROTOOPT");
  where.port = 0;
  script("listen", {EADDRINUSE});
  EXPECT_NE(message_of().find("choose another, or 0 for any"), std::string::npos);
}

TEST_F(sys_faults, epoll_pwait2_unknown_to_the_kernel_falls_back_to_milliseconds) {
  const sys::descriptor epoll = sys::make_epoll();
  std::array<epoll_event, 4> events;
  for (const int error : {ENOSYS, EPERM}) {
    calls.clear();
    script("epoll_pwait2", {error});
    const auto deadline = steady_clock::now() + std::chrono::microseconds(1500);
    EXPECT_EQ(sys::epoll_wait_until(epoll.get(), events, deadline), 0u);
    EXPECT_GE(steady_clock::now(), deadline);  // rounded up, never down
    EXPECT_EQ(calls["epoll_wait"], 1);
  }
}

// The kernel may be late by a thousandth of a wait (a two hundredth where the thread is nice); that
// of the rest is nothing.
TEST_F(sys_faults, a_long_wait_ends_early_and_another_one_takes_the_rest) {
  const sys::descriptor epoll = sys::make_epoll();
  std::array<epoll_event, 4> events;
  const auto wait_for = [&](std::chrono::nanoseconds length) {
    timeouts.clear();
    const auto deadline = steady_clock::now() + length;
    EXPECT_EQ(sys::epoll_wait_until(epoll.get(), events, deadline), 0u);
    EXPECT_GE(steady_clock::now(), deadline);
    EXPECT_LE(timeouts.at(0), length);
  };
  wait_for(std::chrono::milliseconds(2));
  EXPECT_EQ(timeouts.size(), 1u);
  wait_for(std::chrono::milliseconds(100));
  EXPECT_LE(timeouts[0] + timeouts[0] / 200, std::chrono::milliseconds(100));
}

// EAGAIN sends the reader on to its thread: the file is not in the cache, or nobody can say.
TEST_F(sys_faults, a_read_of_the_cache_alone_that_is_refused_is_one_that_would_wait) {
  std::array<std::byte, 8> into;
  for (const int error : {EOPNOTSUPP, ENOSYS, EPERM}) {
    script("preadv2", {error});
    EXPECT_EQ(sys::read_cached_at(0, into, 0).error(), EAGAIN) << error;
  }
}

TEST_F(sys_faults, a_signal_ends_a_wait_without_events) {
  const sys::descriptor epoll = sys::make_epoll();
  std::array<epoll_event, 4> events;
  script("epoll_pwait2", {EINTR});
  const auto later = steady_clock::now() + std::chrono::hours(1);
  EXPECT_EQ(sys::epoll_wait_until(epoll.get(), events, later), 0u);
  script("epoll_wait", {EINTR, EINTR});
  EXPECT_EQ(sys::epoll_wait_until(epoll.get(), events, steady_clock::time_point::max()), 0u);
  EXPECT_EQ(sys::epoll_poll(epoll.get(), events), 0u);
}

TEST_F(sys_faults, epoll_calls_on_no_descriptor_of_ours_abort) {
  std::array<epoll_event, 4> events;
  EXPECT_DEATH(sys::epoll_poll(12345, events), "epoll_wait on descriptor 12345 failed: EBADF");
  EXPECT_DEATH(static_cast<void>(sys::epoll_add(12345, 0, EPOLLIN, nullptr)),
               "epoll_ctl add .* failed: EBADF");
  EXPECT_DEATH(sys::epoll_change(12345, 0, EPOLLIN, nullptr), "epoll_ctl mod .* failed: EBADF");
}

TEST_F(sys_faults, a_refused_epoll_is_a_failed_start_with_a_remedy) {
  script("epoll_create1", {EMFILE});
  try {
    static_cast<void>(sys::make_epoll());
    FAIL() << "no exception";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EMFILE);
    EXPECT_NE(std::string(error.what()).find("ulimit -n"), std::string::npos) << error.what();
  }
}

TEST_F(sys_faults, a_descriptor_that_epoll_cannot_watch_is_a_value) {
  const sys::descriptor epoll = sys::make_epoll();
  script("epoll_ctl", {ENOSPC, ENOMEM, 0});
  EXPECT_EQ(sys::epoll_add(epoll.get(), near_.get(), EPOLLIN, nullptr), ENOSPC);
  EXPECT_EQ(sys::epoll_add(epoll.get(), near_.get(), EPOLLIN, nullptr), ENOMEM);
  EXPECT_EQ(sys::epoll_add(epoll.get(), near_.get(), EPOLLIN, nullptr), 0);
}

TEST_F(sys_faults, a_full_or_empty_eventfd_is_no_error) {
  const sys::descriptor event = sys::make_eventfd();
  script("write", {EAGAIN});
  sys::signal_eventfd(event.get());
  sys::drain_eventfd(event.get());  // empty: EAGAIN by itself
  sys::signal_eventfd(event.get());
  sys::signal_eventfd(event.get());
  sys::drain_eventfd(event.get());
  script("read", {EAGAIN});
  sys::drain_eventfd(event.get());
  EXPECT_DEATH(sys::signal_eventfd(12345), "write eventfd on descriptor 12345 failed: EBADF");
  EXPECT_DEATH(sys::drain_eventfd(12345), "read eventfd on descriptor 12345 failed: EBADF");
}

TEST_F(sys_faults, shutdown_of_what_is_not_connected_is_no_error) {
  script("shutdown", {ENOTCONN});
  sys::shutdown_both(near_.get());
  EXPECT_DEATH(sys::shutdown_both(12345), "shutdown on descriptor 12345 failed: EBADF");
}

TEST_F(sys_faults, closing_twice_aborts) {
  EXPECT_DEATH(sys::close(12345), "close on descriptor 12345 failed: EBADF");
}

TEST_F(sys_faults, an_unknown_errno_is_named_by_number) {
  EXPECT_EQ(sys::errno_name(ECONNRESET), "ECONNRESET");
  EXPECT_EQ(sys::errno_name(4242), "errno 4242");
}

}  // namespace
}  // namespace tailrace
