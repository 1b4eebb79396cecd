// SPDX-License-Identifier: MIT
// See test_server.hpp.
#include "harness/load/tests/test_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "harness/load/bug_check.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

void watch(int epoll, int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  check(::epoll_ctl(epoll, operation, fd, &event) == 0, "the test server watches", fd, errno);
}

}  // namespace

test_server::test_server(const server_behaviour& wanted) : behaviour_(wanted) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener_, generic, length) == 0, "the test server binds", errno);
  check(::listen(listener_, 4096) == 0, "the test server listens", errno);
  check(::getsockname(listener_, generic, &length) == 0, "the test server has a name", errno);
  address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  watch(epoll_, listener_, EPOLLIN, EPOLL_CTL_ADD);
  watch(epoll_, wake_, EPOLLIN, EPOLL_CTL_ADD);
  thread_ = std::thread([this] { run(); });
}

test_server::~test_server() {
  const std::uint64_t one = 1;
  check(::write(wake_, &one, sizeof one) == sizeof one, "the test server wakes", errno);
  thread_.join();
  for (const auto& [fd, unused] : peers_)
    ::close(fd);
  if (listener_ >= 0) ::close(listener_);
  ::close(wake_);
  ::close(epoll_);
}

void test_server::run() {
  std::vector<epoll_event> events(256);
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), 256, timeout_ms());
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_) return;
      if (dead_) continue;
      if (fd == listener_) {
        accept_all();
        continue;
      }
      const auto found = peers_.find(fd);
      if (found == peers_.end()) continue;
      const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
      if ((what & EPOLLOUT) != 0) write_out(fd, found->second);
      if ((what & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && peers_.contains(fd))
        on_readable(fd, found->second);
    }
    if (!dead_) release_due(observe::monotonic_ns());
  }
}

void test_server::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peers_[fd];
    watch(epoll_, fd, EPOLLIN, EPOLL_CTL_ADD);
    accepted_.fetch_add(1, std::memory_order_relaxed);
  }
}

void test_server::on_readable(int fd, peer& from) {
  std::string bytes(behaviour_.receive_bytes, '\0');
  const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return drop(fd, false);
  bytes.resize(static_cast<std::size_t>(count));
  const auto total = total_.fetch_add(bytes.size(), std::memory_order_relaxed) + bytes.size();
  if (total >= behaviour_.die_at_total) return die();
  if (total >= behaviour_.pause_at_total && !paused_) {
    paused_ = true;
    std::this_thread::sleep_for(std::chrono::nanoseconds(behaviour_.pause_ns));
  }
  if (from.stalled) return;
  std::string answer = answer_to(from, std::move(bytes));
  if (behaviour_.delay_ns > 0) {
    from.queue.push_back({observe::monotonic_ns() + behaviour_.delay_ns, std::move(answer)});
    return;
  }
  from.out += answer;
  write_out(fd, from);
}

std::string test_server::answer_to(peer& from, std::string bytes) {
  const std::uint64_t before = from.received;
  from.received += bytes.size();
  const auto crossed = [&](std::uint64_t at) { return before <= at && at < from.received; };
  if (crossed(behaviour_.wrong_at)) bytes[behaviour_.wrong_at - before] ^= 0x20;
  if (!behaviour_.http_answer.empty()) {
    from.held += bytes;
    bytes.clear();
    for (auto end = from.held.find("\r\n\r\n"); end != std::string::npos;
         end = from.held.find("\r\n\r\n")) {
      from.held.erase(0, end + 4);
      bytes += behaviour_.http_answer;
    }
  } else if (behaviour_.hold_bytes > 0) {
    from.held += bytes;
    bytes.clear();
    if (from.held.size() >= behaviour_.hold_bytes) std::swap(bytes, from.held);
  }
  if (from.received >= behaviour_.stall_at) from.stalled = true;
  if (from.received >= behaviour_.close_at || from.received >= behaviour_.reset_at) {
    bytes.resize(bytes.size() / 2);
    from.closing = true;
    from.resetting = from.received >= behaviour_.reset_at;
  }
  if (crossed(behaviour_.extra_at)) bytes += "abc";
  return bytes;
}

void test_server::release_due(std::int64_t now) {
  std::vector<int> writers;
  for (auto& [fd, one] : peers_) {
    while (!one.queue.empty() && one.queue.front().due_ns <= now) {
      one.out += one.queue.front().bytes;
      one.queue.pop_front();
    }
    if (!one.out.empty()) writers.push_back(fd);
  }
  for (const int fd : writers)
    write_out(fd, peers_[fd]);
}

void test_server::write_out(int fd, peer& to) {
  std::size_t written = 0;
  while (written < to.out.size()) {
    std::size_t size = to.out.size() - written;
    if (behaviour_.piece_bytes > 0) size = std::min(size, behaviour_.piece_bytes);
    const ssize_t count = ::send(fd, to.out.data() + written, size, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return drop(fd, false);
    if (count < 0) break;
    written += static_cast<std::size_t>(count);
  }
  to.out.erase(0, written);
  if (to.closing && to.out.empty()) return drop(fd, to.resetting);
  const std::uint32_t events = EPOLLIN | (to.out.empty() ? 0U : std::uint32_t{EPOLLOUT});
  watch(epoll_, fd, events, EPOLL_CTL_MOD);
}

void test_server::drop(int fd, bool reset) {
  const linger at_once{1, 0};
  if (reset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
  peers_.erase(fd);
}

void test_server::die() {
  dead_ = true;
  for (const auto& [fd, unused] : peers_)
    ::close(fd);
  peers_.clear();
  ::close(listener_);
  listener_ = -1;
}

int test_server::timeout_ms() const {
  std::int64_t due = INT64_MAX;
  for (const auto& [fd, one] : peers_)
    if (!one.queue.empty()) due = std::min(due, one.queue.front().due_ns);
  if (due == INT64_MAX) return -1;
  return static_cast<int>(
      std::max<std::int64_t>(due - observe::monotonic_ns() + observe::ns_per_ms - 1, 0) /
      observe::ns_per_ms);
}

}  // namespace tailrace::load
