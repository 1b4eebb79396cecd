// SPDX-License-Identifier: MIT
// See echo_rounds.hpp.
#include "harness/cost/echo_rounds.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/load/file_limit.hpp"
#include "harness/load/start_failure.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/session/cell_failure.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::cost {
namespace {

using session::cell_failure;

constexpr std::uint64_t pattern_seed = 1;
constexpr std::uint32_t connections_a_source = 10'000;
constexpr std::int64_t slice_ms = 100;  // how late Ctrl-C may be noticed

}  // namespace

echo_rounds::echo_rounds(const std::string& address, std::size_t message_bytes, double step_limit_s)
    : format_(load::message_format::echo(message_bytes, pattern_seed)),
      step_limit_s_(step_limit_s),
      buffer_(message_bytes) {
  try {
    endpoints_ = {load::resolve_endpoint(address)};
  } catch (const load::start_failure& failure) {
    throw cell_failure(failure.what());
  }
}

echo_rounds::~echo_rounds() {
  for (const peer& each : peers_)
    if (each.fd >= 0) ::close(each.fd);
}

std::int64_t echo_rounds::deadline() const {
  return observe::monotonic_ns() + static_cast<std::int64_t>(step_limit_s_ * 1e9);
}

void echo_rounds::wait(const peer& on, short events, std::int64_t deadline_ns,
                       const char* what) const {
  for (;;) {
    session::throw_if_interrupted();
    const std::int64_t left_ms = (deadline_ns - observe::monotonic_ns()) / 1'000'000;
    if (left_ms <= 0) {
      throw cell_failure(fmt::format("{} within {:g} s", what, step_limit_s_));
    }
    pollfd watched{on.fd, events, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min(left_ms, slice_ms)));
    if (ready > 0) return;
  }
}

void echo_rounds::open(std::uint32_t connections) {
  try {
    load::make_room_for_connections(connections);
  } catch (const load::start_failure& failure) {
    throw cell_failure(failure.what(), failure.remedy());
  }
  const std::int64_t until = deadline();
  while (peers_.size() < connections) {
    const auto number = static_cast<std::uint32_t>(peers_.size());
    const int fd = load::begin_connect(endpoints_.front(), number / connections_a_source);
    if (fd < 0) throw cell_failure("cannot connect to the target: " + load::errno_name(-fd));
    peers_.push_back({.fd = fd});
    wait(peers_.back(), POLLOUT, until, "the target did not take a connection");
    const int error = load::connect_outcome(fd);
    if (error != 0) throw cell_failure("cannot connect to the target: " + load::errno_name(error));
  }
}

void echo_rounds::rounds(std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    round();
}

void echo_rounds::echo_each_from(std::size_t first) {
  for (std::size_t number = first; number < peers_.size(); ++number) {
    send(number);
    const std::int64_t until = deadline();
    while (!receive(number))
      wait(peers_[number], POLLIN, until, "the target did not answer a message");
  }
}

void echo_rounds::send_all() {
  for (std::size_t number = 0; number < peers_.size(); ++number)
    send(number);
}

void echo_rounds::send(std::size_t number) {
  peer& to = peers_[number];
  const std::size_t whole = format_.request_bytes();
  format_.write_request(buffer_.data(), number, to.sequence, 0, whole);
  const std::int64_t until = deadline();
  for (std::size_t sent = 0; sent < whole;) {
    const ssize_t count = ::send(to.fd, buffer_.data() + sent, whole - sent, MSG_NOSIGNAL);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      wait(to, POLLOUT, until, "the target took no more bytes");
    } else if (errno != EINTR) {
      throw cell_failure("the target ended a connection: " + load::errno_name(errno));
    }
  }
  to.outstanding = true;
  to.received = 0;
  ++outstanding_;
}

bool echo_rounds::receive(std::size_t number) {
  peer& from = peers_[number];
  const std::size_t whole = format_.answer_bytes();
  while (from.outstanding) {
    const ssize_t count = ::recv(from.fd, buffer_.data(), whole - from.received, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw cell_failure("the target ended a connection: " + load::errno_name(errno));
    if (count == 0) throw cell_failure("the target closed a connection that was in use");
    const auto got = static_cast<std::size_t>(count);
    if (!format_.matches(buffer_.data(), number, from.sequence, from.received, got)) {
      throw cell_failure("the target sent back other bytes than it was sent");
    }
    from.received += got;
    if (from.received < whole) continue;
    from.outstanding = false;
    ++from.sequence;
    --outstanding_;
    ++operations_;
  }
  return true;
}

bool echo_rounds::collect() {
  for (std::size_t number = peers_.size(); outstanding_ > 0 && number-- > 0;)
    if (!receive(number)) return false;
  return true;
}

int echo_rounds::awaited_descriptor() const {
  if (outstanding_ == 0) return -1;
  const auto last = std::ranges::find_if(peers_.rbegin(), peers_.rend(), &peer::outstanding);
  return last->fd;
}

void echo_rounds::receive_all() {
  const std::int64_t until = deadline();
  for (std::size_t number = peers_.size(); number-- > 0;) {
    while (!receive(number))
      wait(peers_[number], POLLIN, until, "the target did not answer a message");
  }
}

}  // namespace tailrace::cost
