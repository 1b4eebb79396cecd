// SPDX-License-Identifier: MIT
// See epoll_loop.hpp.
#include "harness/load/epoll_loop.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "harness/load/bug_check.hpp"
#include "harness/load/connector.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {

int epoll_loop::wait(std::int64_t wait_ns) {
  int count = 0;
  if (wait_ns <= 0 || wait_ns % observe::ns_per_ms == 0) {  // whole milliseconds need no newer call
    const int wait_ms = static_cast<int>(std::max<std::int64_t>(wait_ns, 0) / observe::ns_per_ms);
    count = ::epoll_wait(epoll_fd_, events_.data(), batch, wait_ms);
  } else {
    // Linux >= 5.11, epoll_pwait2(2); an older kernel answers ENOSYS, and a filter that does not
    // know it, as containers have, EPERM: then we poll instead.
    const timespec time{0, wait_ns};
    count = ::epoll_pwait2(epoll_fd_, events_.data(), batch, &time, nullptr);
    if (count < 0 && (errno == ENOSYS || errno == EPERM))
      count = ::epoll_wait(epoll_fd_, events_.data(), batch, 0);
  }
  check(count >= 0 || errno == EINTR, "epoll_wait waits", count, errno);
  return std::max(count, 0);
}

void epoll_loop::handle(int events) {
  for (int i = 0; i < events; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    handle_one(connections()[event.data.u64], event.events);
    if (something_due()) send_due();
  }
}

void epoll_loop::handle_one(connection& from, std::uint32_t events) {
  if (from.connecting && !finish_connecting(from)) return;
  if (!from.open()) return;  // ended earlier in this batch
  constexpr std::uint32_t ending = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | ending)) != 0)
    receive(from, (events & ending) != 0);
  else
    flush(from);
}

// A read shorter than the buffer has drained the socket, epoll(7); only where the peer is ending is
// the end looked for.
void epoll_loop::receive(connection& from, bool ending) {
  for (;;) {
    const ssize_t count = ::recv(from.fd, receive_buffer_.get(), wire_buffer_bytes, 0);
    if (count > 0) [[likely]] {
      read_clock();
      const auto bytes = static_cast<std::size_t>(count);
      consume(from, receive_buffer_.get(), bytes);
      if (!from.open()) return;
      if (bytes < wire_buffer_bytes && !ending) break;
    } else if (count == 0) {
      return handle_end(from, "EOF");
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return handle_end(from, errno_name(errno));
    }
  }
  flush(from);
}

void epoll_loop::flush(connection& to) {
  while (to.open()) {
    const std::uint64_t until = may_send(to);
    if (to.whole_sent >= until) return;
    const std::size_t count = fill(to, until, send_buffer_.get(), wire_buffer_bytes);
    const ssize_t written = ::send(to.fd, send_buffer_.get(), count, MSG_NOSIGNAL);
    if (written > 0) {
      note_written(to, static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      return;  // the edge of EPOLLOUT resumes it
    } else if (errno != EINTR) {
      sending_failed(to, errno);
    }
  }
}

// Of a peer that is gone, what it had answered before counts.
void epoll_loop::sending_failed(connection& to, int error) {
  for (;;) {
    const ssize_t count = ::recv(to.fd, receive_buffer_.get(), wire_buffer_bytes, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return handle_end(to, count == 0 ? end_after(error) : errno_name(error));
    read_clock();
    consume(to, receive_buffer_.get(), static_cast<std::size_t>(count));
    if (!to.open()) return;
  }
}

int epoll_loop::await_connected(connection& which) {
  epoll_event event = watch_of(static_cast<std::size_t>(&which - connections().data()));
  return ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, which.fd, &event) == 0 ? 0 : errno;
}

std::size_t epoll_loop::unread(connection& from) {
  const ssize_t count = ::recv(from.fd, receive_buffer_.get(), wire_buffer_bytes, MSG_DONTWAIT);
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

}  // namespace tailrace::load
