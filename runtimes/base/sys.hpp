// SPDX-License-Identifier: MIT
// The system calls of the epoll runtimes, with one policy for errno: EINTR is retried here,
// refusals by the kernel or the peer are values, and what can only be our own bug (EBADF, EFAULT,
// ...) aborts with the call, the descriptor and the errno. Any thread; each function is one system
// call unless it says so.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/kernel_call.hpp"

struct epoll_event;

namespace tailrace::sys {

// Owns a file descriptor; closes it when destroyed.
class descriptor {
 public:
  descriptor() noexcept = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { reset(); }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

[[noreturn]] void die(const char* call, int fd, int error) noexcept;

// "ECONNRESET" and the like; "errno 4242" where the system has no name.
std::string errno_name(int error);

// The errno of a failed recv or send as a value; EINTR among them; aborts on what only a bug can
// cause.
[[gnu::cold]] io_result refused_transfer(const char* call, int fd, int error) noexcept;

// Non-blocking where the descriptor is, or where flags say MSG_DONTWAIT: -EAGAIN means wait for
// readiness.
inline io_result receive(int fd, std::span<std::byte> into, long flags = 0) noexcept {
  for (;;) {
    const long count = kernel_call(SYS_recvfrom, fd, into.data(), into.size(), flags);
    if (count >= 0) [[likely]]
      return io_result::of_count(static_cast<std::size_t>(count));
    const io_result refused = refused_transfer("recv", fd, static_cast<int>(-count));
    if (refused.error() != EINTR) return refused;
  }
}

inline io_result send(int fd, std::span<const std::byte> bytes, long flags = 0) noexcept {
  for (;;) {
    const long count =
        kernel_call(SYS_sendto, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
    if (count >= 0) [[likely]]
      return io_result::of_count(static_cast<std::size_t>(count));
    const io_result refused = refused_transfer("send", fd, static_cast<int>(-count));
    if (refused.error() != EINTR) return refused;
  }
}

// Errors of an accept. died_in_queue: that connection is lost, the next accept may succeed;
// accept(2), "Error handling". refuses_accept: none can be accepted now.
bool died_in_queue(int error) noexcept;
bool refuses_accept(int error) noexcept;

// Accepts a connection, close-on-exec and TCP_NODELAY (two calls). A connection that died in the
// queue is skipped. Errors: EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM. SOCK_NONBLOCK unless
// blocking.
std::expected<int, int> accept_stream(int listener, bool blocking) noexcept;

// A listening TCP socket, backlog 4096, SO_REUSEADDR, SO_REUSEPORT if where.shared; several calls.
std::expected<descriptor, start_error> listen_on(const endpoint& where, bool blocking);
std::uint16_t local_port(int socket) noexcept;
// TCP_NODELAY; connections that a listener accepts inherit it.
void set_no_delay(int socket) noexcept;
// The soft limit of descriptors (RLIMIT_NOFILE).
std::uint64_t open_file_limit() noexcept;

// SHUT_RDWR: wakes whoever blocks on the socket. ENOTCONN is no error.
void shutdown_both(int fd) noexcept;
void close(int fd) noexcept;

// Throw std::system_error where the kernel refuses (no descriptors, no memory): a failed start.
descriptor make_epoll();
descriptor make_eventfd();
// Adds a signal / takes all signals; never blocks.
void signal_eventfd(int fd) noexcept;
void drain_eventfd(int fd) noexcept;

// The clock of the CPU time that the calling thread uses, for any thread to read.
int own_cpu_clock() noexcept;
// In ns; nothing where that thread has gone.
std::optional<std::uint64_t> cpu_time_ns(int clock) noexcept;

// 0, or why the descriptor cannot be watched: ENOMEM, ENOSPC (fs.epoll.max_user_watches).
[[nodiscard]] int epoll_add(int epoll, int fd, std::uint32_t events, void* data) noexcept;
// A listening socket that cannot be watched for it.
std::unexpected<start_error> refused_watch(int error);
void epoll_change(int epoll, int fd, std::uint32_t events, void* data) noexcept;

// By how much the kernel may delay the timed waits of the calling thread (PR_GET_TIMERSLACK).
std::chrono::nanoseconds timer_slack() noexcept;

// Waits until an event, the deadline or a signal; steady_time::max() waits for ever, a past
// deadline polls. Late by the timer slack at most, however far the deadline: a long wait is two
// system calls or more. Nanosecond resolution where the kernel has epoll_pwait2 (5.11), else
// rounded up to milliseconds.
std::size_t epoll_wait_until(int epoll, std::span<epoll_event> events,
                             std::chrono::steady_clock::time_point deadline) noexcept;
// Takes what is there, without waiting.
std::size_t epoll_poll(int epoll, std::span<epoll_event> events) noexcept;

}  // namespace tailrace::sys
