// SPDX-License-Identifier: MIT
// See epoll_echo.hpp.
#include "runtimes/bare/epoll_echo.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "runtimes/bare/raw_call.hpp"

namespace tailrace {
namespace {

constexpr int accepts_a_readiness = 4096;  // the backlog; the level trigger brings us back
constexpr int disarmed_wait_ms = 100;

[[noreturn, gnu::cold, gnu::noinline]] void die(const char* call, int descriptor,
                                                int error_number) {
  std::fprintf(stderr, "tailrace: bare-epoll: %s on descriptor %d: %s\n", call, descriptor,
               std::strerror(error_number));
  std::abort();
}

// Both return a negative errno for a refusal.
inline long receive(int connection, std::byte* into, std::size_t size) noexcept {
  return raw_call(SYS_recvfrom, connection, reinterpret_cast<long>(into), static_cast<long>(size),
                  0, 0, 0);
}

inline long transmit(int connection, const std::byte* from, std::size_t size) noexcept {
  return raw_call(SYS_sendto, connection, reinterpret_cast<long>(from), static_cast<long>(size),
                  MSG_NOSIGNAL, 0, 0);
}

// What a connection is registered with besides the direction it waits for.
std::uint32_t bits_of(epoll_form form) {
  switch (form) {
    case epoll_form::level:
      break;
    case epoll_form::edge:
      return std::uint32_t{EPOLLET} | EPOLLRDHUP;
    case epoll_form::oneshot:
      return EPOLLONESHOT;
  }
  return 0;
}

bool out_of_resources(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

}  // namespace

bare_epoll_echo::bare_epoll_echo(int listener, epoll_form form) : listener_(listener), form_(form) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ >= 0) wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) {
    const int error_number = errno;
    ::close(listener_);
    if (epoll_ >= 0) ::close(epoll_);
    throw std::system_error(error_number, std::generic_category(), "epoll or eventfd");
  }
  watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  watch(wake_, EPOLLIN, EPOLL_CTL_ADD);
}

bare_epoll_echo::~bare_epoll_echo() {
  ::close(listener_);
  ::close(wake_);
  ::close(epoll_);
}

void bare_epoll_echo::watch(int descriptor, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  const long refused =
      raw_call(SYS_epoll_ctl, epoll_, operation, descriptor, reinterpret_cast<long>(&event), 0, 0);
  if (refused != 0) die("epoll_ctl", descriptor, static_cast<int>(-refused));
}

// Also reports readiness that is there already, in every form: epoll_ctl(2) polls the descriptor.
void bare_epoll_echo::rearm(int connection, std::uint32_t events) {
  watch(connection, events | bits_of(form_), EPOLL_CTL_MOD);
}

void bare_epoll_echo::run() {
  switch (form_) {
    case epoll_form::level:
      return serve<epoll_form::level>();
    case epoll_form::edge:
      return serve<epoll_form::edge>();
    case epoll_form::oneshot:
      return serve<epoll_form::oneshot>();
  }
}

template <epoll_form Form>
void bare_epoll_echo::serve() {
  std::array<epoll_event, batch_events> events;
  while (!stopping_) {
    const int patience = listener_armed_ ? -1 : disarmed_wait_ms;
    const int count =
        static_cast<int>(raw_call(SYS_epoll_pwait, epoll_, reinterpret_cast<long>(events.data()),
                                  batch_events, patience, 0, 0));
    if (count < 0 && count != -EINTR) die("epoll_pwait", epoll_, -count);
    if (count == 0) arm_listener(true);
    serve_batch<Form>(events.data(), count);
    shown_.show(here_);
  }
  for (std::size_t descriptor = 0; descriptor < open_.size(); ++descriptor) {
    if (open_[descriptor]) close_connection(static_cast<int>(descriptor));
  }
  shown_.show(here_);
}

// A connection is closed only while its own event is served, and a descriptor occurs once a batch:
// so no event of a batch can mean a connection that took a descriptor over within it.
template <epoll_form Form>
void bare_epoll_echo::serve_batch(const epoll_event* events, int count) {
  for (int i = 0; i < count; ++i) {
    const int descriptor = events[i].data.fd;
    if (events[i].events != EPOLLIN || descriptor == listener_ || descriptor == wake_)
        [[unlikely]] {
      serve_unusual(descriptor);
    } else {
      serve_connection<Form>(descriptor);
    }
  }
}

template <epoll_form Form>
inline void bare_epoll_echo::serve_connection(int connection) {
  const outcome last = echo_once(connection);
  if constexpr (Form == epoll_form::edge) {
    if (last == outcome::more) [[unlikely]]
      echo_repeatedly(connection, outcome::part);
  }
  if constexpr (Form == epoll_form::oneshot) {
    if (last <= outcome::empty) [[likely]]
      rearm(connection, EPOLLIN);
  }
}

// Until the outcome is `enough`. Bounded, so that one fast peer does not keep the loop: then the
// rest is asked for by a new event.
void bare_epoll_echo::echo_repeatedly(int connection, outcome enough) {
  constexpr int most = 16;
  for (int count = 0; count < most; ++count)
    if (echo_once(connection) >= enough) return;
  rearm(connection, EPOLLIN);
}

inline bare_epoll_echo::outcome bare_epoll_echo::echo_once(int connection) {
  const long received = receive(connection, buffer_.data(), buffer_bytes);
  if (received > 0) [[likely]] {
    const long sent = transmit(connection, buffer_.data(), static_cast<std::size_t>(received));
    here_.received_bytes += static_cast<std::size_t>(received);
    if (sent == received) [[likely]] {
      here_.sent_bytes += static_cast<std::size_t>(received);
      return received == buffer_bytes ? outcome::more : outcome::part;
    }
    return send_later(connection, static_cast<std::size_t>(received), sent);
  }
  if (received == 0) {
    close_connection(connection);
    return outcome::closed;
  }
  if (received == -EAGAIN) return outcome::empty;
  if (received == -EINTR) return outcome::more;
  return end_by_error(connection, static_cast<int>(-received));
}

void bare_epoll_echo::serve_unusual(int descriptor) {
  if (descriptor == listener_) return accept_all();
  if (descriptor == wake_) {
    stopping_ = true;
    return;
  }
  // EPOLLERR or EPOLLHUP may come with or without EPOLLOUT: only the spill shows what was paused.
  if (spilled_.contains(descriptor)) return flush(descriptor);
  drain(descriptor);
}

// The peer has hung up, or the socket has failed. An edge would not come again, and a short receive
// does not prove that the end was not behind it.
void bare_epoll_echo::drain(int connection) {
  if (form_ == epoll_form::edge) return echo_repeatedly(connection, outcome::empty);
  const outcome last = echo_once(connection);
  if (form_ == epoll_form::oneshot && last <= outcome::empty) rearm(connection, EPOLLIN);
}

bare_epoll_echo::outcome bare_epoll_echo::send_later(int connection, std::size_t size, long sent) {
  if (sent < 0 && sent != -EAGAIN && sent != -EINTR) {
    return end_by_error(connection, static_cast<int>(-sent));
  }
  const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  here_.sent_bytes += taken;
  spilled_[connection].bytes.assign(buffer_.data() + taken, buffer_.data() + size);
  rearm(connection, EPOLLOUT);
  return outcome::paused;
}

void bare_epoll_echo::flush(int connection) {
  spill& rest = spilled_.at(connection);
  const std::size_t left = rest.bytes.size() - rest.sent;
  const long sent = transmit(connection, rest.bytes.data() + rest.sent, left);
  if (sent < 0 && sent != -EAGAIN && sent != -EINTR) {
    end_by_error(connection, static_cast<int>(-sent));
    return;
  }
  const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  here_.sent_bytes += taken;
  rest.sent += taken;
  const bool flushed = rest.sent == rest.bytes.size();
  if (flushed) spilled_.erase(connection);
  // The level trigger goes on by itself; the other forms must be asked for each further event.
  if (flushed || form_ != epoll_form::level) rearm(connection, flushed ? EPOLLIN : EPOLLOUT);
}

void bare_epoll_echo::accept_all() {
  for (int attempt = 0; attempt < accepts_a_readiness; ++attempt) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      accept_one(connection);
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno == EINTR) continue;
    ++here_.accept_errors;
    if (out_of_resources(errno)) return arm_listener(false);
    // What is left is an error of that one connection (accept(2): treat like EAGAIN), or our bug.
    if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK || errno == EFAULT) {
      die("accept4", listener_, errno);
    }
  }
}

void bare_epoll_echo::accept_one(int connection) {
  ++here_.accepted;
  const int on = 1;
  // Fails only where the peer has reset already; the next recv says so.
  static_cast<void>(::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  const std::size_t index = static_cast<std::size_t>(connection);
  if (open_.size() <= index) open_.resize(index + 1 + index / 2);
  open_[index] = true;
  epoll_event event{};
  event.events = EPOLLIN | bits_of(form_);
  event.data.fd = connection;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection, &event) == 0) return;
  // ENOMEM or ENOSPC (fs.epoll.max_user_watches): this connection cannot be served.
  ++here_.errors;
  close_connection(connection);
}

void bare_epoll_echo::arm_listener(bool armed) {
  if (armed == listener_armed_) return;
  watch(listener_, armed ? std::uint32_t{EPOLLIN} : 0U, EPOLL_CTL_MOD);
  listener_armed_ = armed;
}

bare_epoll_echo::outcome bare_epoll_echo::end_by_error(int connection, int error_number) {
  const bool reset = error_number == ECONNRESET || error_number == EPIPE;
  ++(reset ? here_.resets : here_.errors);
  close_connection(connection);
  return outcome::closed;
}

void bare_epoll_echo::close_connection(int connection) {
  spilled_.erase(connection);
  open_[static_cast<std::size_t>(connection)] = false;
  ::close(connection);  // and so leaves the epoll set: nothing else refers to the socket
  ++here_.closed;
  if (!listener_armed_) arm_listener(true);
}

void bare_epoll_echo::stop() noexcept {
  const std::uint64_t one = 1;
  while (::write(wake_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

}  // namespace tailrace
