// SPDX-License-Identifier: MIT
// The client side of the conformance suite: a plain blocking TCP socket, used from the test's own
// thread. Nothing waits for ever: after patience a wait fails by exception, with what it waited
// for. Also `gate` and `outcome`, with which tasks tell the test thread what happened.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "runtimes/base/io_result.hpp"
#include "runtimes/tests/hang_report.hpp"

namespace tailrace::conformance {

inline constexpr std::chrono::seconds patience{30};

// Set once by any thread, awaited by any thread.
class gate {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool is_set() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, patience, [this] { return open_; })) return;
    report_hang("a gate stays shut");
    throw std::runtime_error("a gate stayed shut: the task that opens it never came so far");
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

// The result of an operation, handed from a task to the test thread.
class outcome {
 public:
  void set(io_result result) {
    result_ = result;
    known_.set();
  }
  io_result wait() {
    known_.wait();
    return result_;
  }

 private:
  gate known_;
  io_result result_;
};

// What tasks of several threads noted, in order.
class notes {
 public:
  void add(int note) {
    const std::lock_guard lock(mutex_);
    all_.push_back(note);
  }
  std::vector<int> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<int> all_;
};

// The call once more where a signal, or the work of an io_uring that this thread has opened,
// interrupted it.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR)
    result = call();
  return result;
}

class socket_client {
 public:
  // receive_bytes: SO_RCVBUF, for a reader that is to fill up soon; 0: the system's.
  explicit socket_client(std::uint16_t port, int receive_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    require(fd_ >= 0, "socket");
    if (receive_bytes != 0) set(SO_RCVBUF, receive_bytes);
    set(SO_RCVTIMEO, timeval{patience.count(), 0});
    set(SO_SNDTIMEO, timeval{patience.count(), 0});
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    require(connected == 0 || (errno == EINTR && goes_on_connecting()), "connect");
  }
  socket_client(socket_client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  socket_client& operator=(socket_client&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~socket_client() { close(); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count =
          uninterrupted([&] { return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
      require(count > 0, "send");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // Sends what fits now; 0 once nothing has fitted for a while.
  std::size_t send_what_fits(std::string_view bytes) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (uninterrupted([&] { return ::poll(&ready, 1, 200); }) == 0) return 0;
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    require(count >= 0 || errno == EAGAIN, "send");
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  // count bytes, or fewer when the server ended the stream before.
  std::string receive(std::size_t count) {
    std::string got(count, '\0');
    std::size_t filled = 0;
    while (filled < count) {
      const ssize_t more =
          uninterrupted([&] { return ::recv(fd_, got.data() + filled, count - filled, 0); });
      require(more >= 0, "receive");
      if (more == 0) break;
      filled += static_cast<std::size_t>(more);
    }
    got.resize(filled);
    return got;
  }

  // Whether the server has ended or reset the stream; waits at most this long for it.
  bool ended_within(std::chrono::milliseconds limit) {
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    const int milliseconds = static_cast<int>(limit.count());
    if (uninterrupted([&] { return ::poll(&ready, 1, milliseconds); }) == 0) return false;
    char byte = 0;
    return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
  }

  void end() { require(::shutdown(fd_, SHUT_WR) == 0, "shutdown"); }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    set(SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
    close();
  }

 private:
  // connect(2): interrupted, it goes on by itself.
  bool goes_on_connecting() {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int limit = static_cast<int>(std::chrono::milliseconds(patience).count());
    if (uninterrupted([&] { return ::poll(&ready, 1, limit); }) <= 0) return false;
    socklen_t size = sizeof errno;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &errno, &size) == 0 && errno == 0;
  }
  template <class Value>
  void set(int option, const Value& value) {
    require(::setsockopt(fd_, SOL_SOCKET, option, &value, sizeof value) == 0, "setsockopt");
  }
  static void require(bool done, const char* what) {
    if (done) return;
    const int error = errno;
    if (error == EAGAIN) report_hang(std::string(what) + " has lost its patience");
    throw std::system_error(error, std::system_category(), what);
  }

  int fd_;
};

// While it lives, this process can open no descriptor, except as many as are given free.
class descriptor_famine {
 public:
  descriptor_famine() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int highest = ::dup(0);
    ::close(highest);
    const rlimit low{static_cast<rlim_t>(highest) + 8, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
      plugs_.push_back(fd);
  }
  descriptor_famine(const descriptor_famine&) = delete;
  descriptor_famine& operator=(const descriptor_famine&) = delete;
  ~descriptor_famine() {
    while (!plugs_.empty())
      free_one();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void free_one() {
    ::close(plugs_.back());
    plugs_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> plugs_;
};

}  // namespace tailrace::conformance
