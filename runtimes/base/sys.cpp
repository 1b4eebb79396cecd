// SPDX-License-Identifier: MIT
#include "runtimes/base/sys.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <system_error>

namespace tailrace::sys {
namespace {

descriptor checked(const char* call, int fd) {
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(),
                            std::string(call) + " (raise the open-file limit: ulimit -n)");
  return descriptor(fd);
}

std::unexpected<start_error> refused(const char* call, const endpoint& where, int error) {
  const std::string address = where.host + ":" + std::to_string(where.port);
  std::string message = std::string(call) + " " + address + ": " + errno_name(error);
  if (error == EADDRINUSE)
    message += "; another process has this port: choose another, or 0 for any";
  if (error == EADDRNOTAVAIL) message += "; no interface of this machine has this address";
  if (error == EACCES) message += "; ports below 1024 need privileges: choose a higher one";
  if (error == EMFILE) message += "; raise the open-file limit (ulimit -n)";
  return std::unexpected(start_error{error, std::move(message)});
}

// The kernel may end a timed wait late, by the thread's timer slack or by a thousandth of the wait,
// whichever is more (a two hundredth where the thread is nice; at most 100 ms): fs/select.c,
// select_estimate_accuracy(). So of a wait that is longer than `exact_wait` a hundredth is left for
// another one. A timer that is far costs one more wake-up; 0.1 % of `exact_wait` is 20 us.
constexpr std::chrono::milliseconds exact_wait{20};

std::chrono::nanoseconds next_wait(std::chrono::nanoseconds left) noexcept {
  return left <= exact_wait ? left : left - left / 100;
}

// The kernel may refuse epoll_pwait2 (before 5.11, or a filter that does not know it).
int wait_milliseconds(int epoll, std::span<epoll_event> events, std::chrono::nanoseconds left) {
  const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  const int timeout = rounded_up > 1'000'000 ? 1'000'000 : static_cast<int>(rounded_up);
  return ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout);
}

int wait_nanoseconds(int epoll, std::span<epoll_event> events, std::chrono::nanoseconds left) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  const timespec timeout{static_cast<time_t>(seconds.count()),
                         static_cast<long>((left - seconds).count())};
  const int count =
      ::epoll_pwait2(epoll, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
  return wait_milliseconds(epoll, events, left);
}

std::size_t counted(int epoll, int count) noexcept {
  if (count < 0 && errno != EINTR) die("epoll_wait", epoll, errno);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

// Apart from the wait without a deadline, which one-connection servers make for each message.
[[gnu::noinline]] std::size_t wait_in_parts(
    int epoll, std::span<epoll_event> events,
    std::chrono::steady_clock::time_point deadline) noexcept {
  for (;;) {
    // Compared before it is subtracted: a deadline far in the past would overflow the difference.
    const auto now = std::chrono::steady_clock::now();
    if (deadline <= now) return epoll_poll(epoll, events);
    const std::chrono::nanoseconds left = deadline - now;
    const int count = wait_nanoseconds(epoll, events, next_wait(left));
    if (count != 0 || left <= exact_wait) return counted(epoll, count);
  }
}

}  // namespace

void die(const char* call, int fd, int error) noexcept {
  std::fprintf(stderr, "tailrace: %s on descriptor %d failed: %s\n", call, fd,
               errno_name(error).c_str());
  std::abort();
}

std::string errno_name(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "errno " + std::to_string(error);
}

void descriptor::reset() noexcept {
  if (fd_ >= 0) sys::close(std::exchange(fd_, -1));
}

io_result refused_transfer(const char* call, int fd, int error) noexcept {
  switch (error) {
    case EINTR:
    case EAGAIN:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ENOMEM:
    case ENOBUFS:
      return io_result::of_error(error);
    default:
      die(call, fd, error);
  }
}

bool died_in_queue(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

bool refuses_accept(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EPERM;
}

std::expected<int, int> accept_stream(int listener, bool blocking) noexcept {
  for (;;) {
    const int flags = SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK);
    const int fd = ::accept4(listener, nullptr, nullptr, flags);
    if (fd >= 0) {
      const int on = 1;
      // A connection that the peer has reset already may refuse the option; its first receive
      // tells.
      static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
      return fd;
    }
    if (died_in_queue(errno)) continue;
    if (errno == EAGAIN || refuses_accept(errno)) return std::unexpected(errno);
    // Shut down, to wake a blocked acceptor.
    if (errno == EINVAL) return std::unexpected(ECANCELED);
    die("accept4", listener, errno);
  }
}

std::expected<descriptor, start_error> listen_on(const endpoint& where, bool blocking) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(where.port);
  if (::inet_pton(AF_INET, where.host.c_str(), &address.sin_addr) != 1)
    return std::unexpected(
        start_error{EINVAL, "'" + where.host + "' is not an IPv4 address such as 127.0.0.1"});
  const int flags = SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK);
  descriptor listener(::socket(AF_INET, SOCK_STREAM | flags, 0));
  if (!listener) return refused("socket for", where, errno);
  const int on = 1;
  if (::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return refused("SO_REUSEADDR for", where, errno);
  if (where.shared && ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    return refused("SO_REUSEPORT for", where, errno);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return refused("bind", where, errno);
  if (::listen(listener.get(), 4096) != 0) return refused("listen on", where, errno);
  return listener;
}

std::uint16_t local_port(int socket) noexcept {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    die("getsockname", socket, errno);
  return ntohs(address.sin_port);
}

void set_no_delay(int socket) noexcept {
  const int on = 1;
  if (::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    die("setsockopt TCP_NODELAY", socket, errno);
}

std::uint64_t open_file_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit", -1, errno);
  return limit.rlim_cur;
}

void shutdown_both(int fd) noexcept {
  if (::shutdown(fd, SHUT_RDWR) != 0 && errno != ENOTCONN) die("shutdown", fd, errno);
}

void close(int fd) noexcept {
  // EINTR: Linux has released the descriptor all the same, so no retry (close(2)).
  if (::close(fd) != 0 && errno == EBADF) die("close", fd, errno);
}

descriptor make_epoll() {
  return checked("epoll_create1", ::epoll_create1(EPOLL_CLOEXEC));
}

descriptor make_eventfd() {
  return checked("eventfd", ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int own_cpu_clock() noexcept {
  clockid_t clock{};
  const int error = ::pthread_getcpuclockid(::pthread_self(), &clock);
  if (error != 0) die("pthread_getcpuclockid", -1, error);
  return clock;
}

std::optional<std::uint64_t> cpu_time_ns(int clock) noexcept {
  timespec used{};
  if (::clock_gettime(clock, &used) != 0) return std::nullopt;  // EINVAL: no such thread
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(used.tv_nsec);
}

void signal_eventfd(int fd) noexcept {
  const std::uint64_t one = 1;
  // EAGAIN: the counter is full of unread signals, so the reader is woken anyway.
  if (::write(fd, &one, sizeof one) < 0 && errno != EAGAIN) die("write eventfd", fd, errno);
}

void drain_eventfd(int fd) noexcept {
  std::uint64_t signals = 0;
  if (::read(fd, &signals, sizeof signals) < 0 && errno != EAGAIN) die("read eventfd", fd, errno);
}

int epoll_add(int epoll, int fd, std::uint32_t events, void* data) noexcept {
  epoll_event event{.events = events, .data = {.ptr = data}};
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
  if (errno == ENOMEM || errno == ENOSPC) return errno;
  die("epoll_ctl add", fd, errno);
}

std::unexpected<start_error> refused_watch(int error) {
  return std::unexpected(
      start_error{error, "epoll refuses another descriptor: " + errno_name(error)});
}

void epoll_change(int epoll, int fd, std::uint32_t events, void* data) noexcept {
  epoll_event event{.events = events, .data = {.ptr = data}};
  if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) die("epoll_ctl mod", fd, errno);
}

std::chrono::nanoseconds timer_slack() noexcept {
  const int slack = ::prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
  if (slack < 0) die("prctl PR_GET_TIMERSLACK", 0, errno);
  return std::chrono::nanoseconds(slack);
}

std::size_t epoll_wait_until(int epoll, std::span<epoll_event> events,
                             std::chrono::steady_clock::time_point deadline) noexcept {
  if (deadline == std::chrono::steady_clock::time_point::max())
    return counted(epoll, ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1));
  return wait_in_parts(epoll, events, deadline);
}

std::size_t epoll_poll(int epoll, std::span<epoll_event> events) noexcept {
  return counted(epoll, ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0));
}

}  // namespace tailrace::sys
