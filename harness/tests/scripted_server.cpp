// SPDX-License-Identifier: MIT
// See scripted_server.hpp.
#include "harness/tests/scripted_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace tailrace::scripted {
namespace {

constexpr std::size_t buffer_bytes = 65536;
// A sleep ends late by about this much at most on a quiet machine; the rest is spent polling, so
// that a known delay is known to about a microsecond.
constexpr std::uint64_t polled_ns = 100'000;
constexpr std::uint64_t disarmed_ns = 100'000'000;

[[noreturn]] void die(const char* call) {
  std::perror(call);
  std::abort();
}

}  // namespace

std::uint64_t server::now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

server::server(int listener, std::unique_ptr<script> play, const faults& wrong)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      listener_(listener),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      script_(std::move(play)),
      faults_(wrong),
      buffer_(buffer_bytes) {
  if (epoll_ < 0 || wake_ < 0) die("epoll_create1 or eventfd");
  for (const int descriptor : {listener_, wake_}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
  }
}

server::~server() {
  if (listener_ >= 0) ::close(listener_);
  ::close(wake_);
  ::close(epoll_);
}

void server::run() {
  ::prctl(PR_SET_TIMERSLACK, 1);
  std::array<epoll_event, 256> events;
  while (!stopping_ || (faults_.keeps_serving && !connections_.empty())) {
    const int count = wait(events.data(), static_cast<int>(events.size()));
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      serve(event.data.fd, event.events);
    }
    run_timers();
    publish();
  }
  while (!connections_.empty())
    close(connections_.begin()->second);
  publish();
}

int server::wait(epoll_event* events, int most) {
  std::uint64_t until = ~std::uint64_t{0};
  const std::uint64_t now = now_ns();
  if (!timers_.empty()) until = timers_.top().due_ns;
  if (!listener_armed_) until = std::min(until, now + disarmed_ns);
  timespec patience{};
  const bool awake = now < last_event_ns_ + script_->awake_ns;
  if (awake) until = now;
  const bool endless = until == ~std::uint64_t{0};
  if (!endless && until > now + polled_ns) {
    const std::uint64_t left = until - now - polled_ns;
    patience = {static_cast<time_t>(left / 1'000'000'000U),
                static_cast<long>(left % 1'000'000'000U)};
  }
  // epoll_pwait2: Linux >= 5.11.
  const int count = ::epoll_pwait2(epoll_, events, most, endless ? nullptr : &patience, nullptr);
  if (count < 0 && errno != EINTR) die("epoll_pwait2");
  if (count > 0) last_event_ns_ = now_ns();
  if (count == 0 && !awake && !listener_armed_ && timers_.empty()) arm_listener(true);
  return count;
}

void server::run_timers() {
  while (!timers_.empty() && timers_.top().due_ns <= now_ns()) {
    const timer due = timers_.top();
    timers_.pop();
    const auto found = connections_.find(due.descriptor);
    if (found == connections_.end() || found->second.serial != due.serial) continue;
    connection& which = found->second;
    if (due.resumes) {
      which.paused = false;
      watch(which);
      continue;
    }
    --which.delayed;
    reply(which, due.bytes);
  }
}

void server::serve(int descriptor, std::uint32_t events) {
  if (descriptor == listener_) return accept_all();
  if (descriptor == wake_) {
    std::uint64_t ignored = 0;
    if (::read(wake_, &ignored, sizeof ignored) < 0 && errno != EAGAIN) die("read");
    stopping_ = true;
    return;
  }
  const auto found = connections_.find(descriptor);
  if (found == connections_.end()) return;
  connection& which = found->second;
  if (faults_.closes_at_fin && (events & EPOLLRDHUP) != 0) return close(which);
  const std::uint64_t serial = which.serial;
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) send_unsent(which);
  const auto again = connections_.find(descriptor);
  if (again == connections_.end() || again->second.serial != serial) return;
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(again->second);
}

void server::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      ++here_.accept_errors;
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
      if (faults_.dies_of_descriptors) ::_exit(7);
      if (!faults_.spins_for_descriptors) arm_listener(false);
      return;
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection& made = connections_[descriptor];
    made = connection{};
    made.descriptor = descriptor;
    made.serial = ++serials_;
    made.held.assign(script_->held_bytes(), std::byte{1});
    ++here_.accepted;
    made.paused = !script_->reads() || static_cast<int>(serials_) > faults_.ignores_after;
    epoll_event event{};
    event.data.fd = descriptor;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
    watch(made);
    if (static_cast<int>(serials_) > faults_.closes_after) close(made);
  }
}

void server::watch(connection& which) {
  const bool writing = which.unsent_from < which.unsent.size();
  const bool reading = !which.paused && !which.ended && (!writing || faults_.buffers_all);
  epoll_event event{};
  event.events = (reading ? EPOLLIN : 0U) | (writing ? EPOLLOUT : 0U) |
                 (faults_.closes_at_fin ? EPOLLRDHUP : 0U);
  event.data.fd = which.descriptor;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, which.descriptor, &event) != 0) die("epoll_ctl");
}

void server::read(connection& from) {
  if (from.paused || from.ended) {
    // EPOLLERR or EPOLLHUP of a connection that is not read: it has been reset.
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(from.descriptor, SOL_SOCKET, SO_ERROR, &error_number, &size);
    return fail(from, error_number == 0 ? ECONNRESET : error_number);
  }
  const std::size_t most = std::min(script_->read_bytes_max(), buffer_.size());
  const ssize_t count = ::recv(from.descriptor, buffer_.data(), most, 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return fail(from, errno);
  }
  if (count == 0) return at_end_of_stream(from);
  const auto size = static_cast<std::size_t>(count);
  here_.received_bytes += size;
  from.received += size;
  if (script_->pace_ns() != 0) {
    from.paused = true;
    timers_.push(
        {now_ns() + script_->pace_ns(), ++orders_, from.descriptor, from.serial, true, {}});
    watch(from);
  }
  script_->on_data(*this, from, {buffer_.data(), size});
}

void server::at_end_of_stream(connection& from) {
  if (from.unsent_from >= from.unsent.size() && from.delayed == 0) return close(from);
  from.ended = true;
  watch(from);
}

void server::reply(connection& to, bytes_view bytes) {
  std::size_t done = 0;
  if (to.unsent_from >= to.unsent.size()) {
    const std::size_t most = std::min(bytes.size(), script_->send_bytes_max());
    const ssize_t count = ::send(to.descriptor, bytes.data(), most, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return fail(to, errno);
    done = count > 0 ? static_cast<std::size_t>(count) : 0;
    here_.sent_bytes += done;
    const bool last = to.ended && to.delayed == 0;
    if (done == bytes.size() && last) return close(to);
    if (done == bytes.size() || std::exchange(faults_.loses_unsent, false)) return;
    to.unsent.clear();
    to.unsent_from = 0;
  }
  to.unsent.insert(to.unsent.end(), bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end());
  watch(to);
}

void server::reply_at(std::uint64_t when_ns, connection& to, bytes_view bytes) {
  to.due_ns = std::max(to.due_ns, when_ns);
  ++to.delayed;
  timers_.push({to.due_ns, ++orders_, to.descriptor, to.serial, false,
                std::vector<std::byte>(bytes.begin(), bytes.end())});
}

void server::send_unsent(connection& to) {
  const std::size_t left = std::min(to.unsent.size() - to.unsent_from, script_->send_bytes_max());
  if (left == 0) return;
  const ssize_t count =
      ::send(to.descriptor, to.unsent.data() + to.unsent_from, left, MSG_NOSIGNAL);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return fail(to, errno);
  }
  here_.sent_bytes += static_cast<std::size_t>(count);
  to.unsent_from += static_cast<std::size_t>(count);
  if (to.unsent_from < to.unsent.size()) return;
  std::vector<std::byte>().swap(to.unsent);
  to.unsent_from = 0;
  if (to.ended && to.delayed == 0) return close(to);
  watch(to);
}

void server::reset(connection& which) {
  const linger now{1, 0};
  ::setsockopt(which.descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(which);
}

void server::vanish() {
  ::close(std::exchange(listener_, -1));  // first: whoever sees an end is refused from then on
  listener_armed_ = true;
  while (!connections_.empty())
    close(connections_.begin()->second);
}

void server::fail(connection& which, int error_number) {
  const bool reset = error_number == ECONNRESET || error_number == EPIPE;
  if (reset && faults_.dies_of_reset) ::_exit(7);
  ++(reset && !faults_.miscounts ? here_.resets : here_.errors);
  close(which);
}

void server::close(connection& which) {
  if (faults_.leaks_descriptors) static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int descriptor = which.descriptor;  // erase() ends `which`
  ::close(descriptor);
  connections_.erase(descriptor);
  ++here_.closed;
  arm_listener(true);
}

void server::arm_listener(bool armed) {
  if (armed == listener_armed_ || (armed && faults_.stays_deaf)) return;
  epoll_event event{};
  event.events = armed ? EPOLLIN : 0U;
  event.data.fd = listener_;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &event) != 0) die("epoll_ctl");
  listener_armed_ = armed;
}

void server::stop() noexcept {
  const std::uint64_t one = 1;
  while (::write(wake_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void server::publish() {
  const std::lock_guard guard(shown_lock_);
  shown_ = here_;
}

served_counts server::counts() const {
  const std::lock_guard guard(shown_lock_);
  return shown_;
}

}  // namespace tailrace::scripted
