// SPDX-License-Identifier: MIT
// See simple_client.hpp.
#include "harness/load/simple_client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "harness/load/random.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr std::size_t buffer_bytes = 65536;
constexpr std::int64_t slice_ns = 100 * observe::ns_per_ms;

// The bytes of one connection by their place, eight at a time. The first eight are its number, by
// which a workload may decide what it does (runtimes/PROTOCOL.md).
class pattern {
 public:
  explicit pattern(std::uint64_t number) : number_(number), bytes_(number) {}
  char at(std::uint64_t place) {
    if (place / 8 != word_) {
      word_ = place / 8;
      bytes_ = word_ == 0 ? number_ : scramble(number_ * 0x9e3779b97f4a7c15U + word_);
    }
    return static_cast<char>(bytes_ >> (8 * (place % 8)));
  }

 private:
  std::uint64_t number_;
  std::uint64_t bytes_;
  std::uint64_t word_ = 0;
};

void set_reset_on_close(int descriptor, bool on) {
  const linger how{on ? 1 : 0, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &how, sizeof how);
}

}  // namespace

simple_client::simple_client(const endpoint& to, std::uint64_t number,
                             const client_patience& patience, ending closes, std::uint32_t source,
                             const socket_sizes& sizes)
    : patience_(&patience), descriptor_(begin_connect(to, source, sizes)), number_(number) {
  int error = descriptor_ < 0 ? -descriptor_ : 0;
  if (error == 0) {
    const bool came = wait(POLLOUT, patience.deadline(patience.connect_s));
    error = came ? connect_outcome(descriptor_) : ETIMEDOUT;
  }
  if (error != 0) {
    close();
    throw refusal(fmt::format("cannot connect to {}: {}", to.text, errno_name(error)));
  }
  if (closes == ending::fin) set_reset_on_close(descriptor_, false);
}

simple_client::simple_client(simple_client&& other) noexcept
    : patience_(other.patience_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      number_(other.number_),
      sent_(other.sent_),
      received_(other.received_),
      end_cause_(std::move(other.end_cause_)) {}

simple_client& simple_client::operator=(simple_client&& other) noexcept {
  std::swap(patience_, other.patience_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(number_, other.number_);
  std::swap(sent_, other.sent_);
  std::swap(received_, other.received_);
  std::swap(end_cause_, other.end_cause_);
  return *this;
}

void simple_client::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void simple_client::reset() {
  set_reset_on_close(descriptor_, true);
  close();
}

void simple_client::finish_sending() {
  ::shutdown(descriptor_, SHUT_WR);
}

void simple_client::fail(const std::string& what) const {
  throw refusal(fmt::format("connection {}: {} (sent {} bytes, received {})", number_, what, sent_,
                            received_));
}

bool simple_client::wait(short events, std::int64_t deadline_ns) const {
  for (;;) {
    if (patience_->look) patience_->look();
    const std::int64_t now = observe::monotonic_ns();
    pollfd watched{descriptor_, events, 0};
    const int ready = ::poll(&watched, 1, observe::poll_ms(std::min(deadline_ns, now + slice_ns)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) fail("poll: " + errno_name(errno));
    if (now >= deadline_ns) return false;
  }
}

void simple_client::require_wait(short events, std::int64_t deadline_ns) const {
  if (wait(events, deadline_ns)) return;
  fail(events == POLLOUT ? "the server took nothing in time"
                         : "the server did not answer a message in time");
}

bool simple_client::send_some(std::uint64_t target) {
  std::array<char, buffer_bytes> buffer;
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(target - sent_, buffer.size()));
  pattern bytes(number_);
  for (std::size_t i = 0; i < size; ++i)
    buffer[i] = bytes.at(sent_ + i);
  const ssize_t count = ::send(descriptor_, buffer.data(), size, MSG_NOSIGNAL);
  if (count >= 0) {
    sent_ += static_cast<std::uint64_t>(count);
    return true;
  }
  if (errno == EAGAIN || errno == EINTR) return false;
  if (errno == ECONNRESET || errno == EPIPE)
    fail("the connection ended early: " + errno_name(errno));
  fail("sending failed: " + errno_name(errno));
}

int simple_client::receive_some() {
  std::array<char, buffer_bytes> buffer;
  const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (count <= 0) {
    end_cause_ = count == 0 ? "end of stream" : errno_name(errno);
    return -1;
  }
  const auto got = static_cast<std::uint64_t>(count);
  if (received_ + got > sent_) fail("more bytes came back than were sent");
  pattern bytes(number_);
  for (std::size_t i = 0; i < got; ++i) {
    const char wanted = bytes.at(received_ + i);
    if (buffer[i] == wanted) continue;
    fail(fmt::format("byte {} came back as 0x{:02x} instead of 0x{:02x}", received_ + i,
                     static_cast<unsigned char>(buffer[i]), static_cast<unsigned char>(wanted)));
  }
  received_ += got;
  return static_cast<int>(count);
}

void simple_client::send(std::uint64_t bytes) {
  const std::uint64_t target = sent_ + bytes;
  while (sent_ < target)
    if (!send_some(target)) require_wait(POLLOUT, patience_->deadline(patience_->step_s));
}

void simple_client::echo(std::uint64_t bytes) {
  const std::uint64_t target = sent_ + bytes;
  while (received_ < target) {
    const std::uint64_t before = sent_ + received_;
    if (sent_ < target) send_some(target);
    if (receive_some() < 0) fail("the connection ended early: " + end_cause_);
    if (sent_ + received_ != before) continue;
    require_wait(static_cast<short>(sent_ < target ? POLLIN | POLLOUT : POLLIN),
                 patience_->deadline(patience_->step_s));
  }
}

std::uint64_t simple_client::push(std::uint64_t bytes, double stalled_s) {
  const std::uint64_t from = sent_;
  while (sent_ < from + bytes)
    if (!send_some(from + bytes) && !wait(POLLOUT, patience_->deadline(stalled_s))) break;
  return sent_ - from;
}

bool simple_client::pump(std::uint64_t bytes_ahead) {
  const std::uint64_t target = received_ + bytes_ahead;
  try {
    if (sent_ < target) send_some(target);
  } catch (const refusal&) {
    end_cause_ = "sending failed";
    return false;
  }
  return receive_some() >= 0;
}

bool simple_client::take() {
  while (received_ < sent_) {
    const int got = receive_some();
    if (got < 0) fail("the connection ended early: " + end_cause_);
    if (got == 0) return false;
  }
  return true;
}

bool simple_client::answers(double within_s) {
  const std::int64_t until = observe::from_now(within_s);
  while (received_ < sent_) {
    const int got = receive_some();
    if (got < 0) return false;
    if (got == 0 && !wait(POLLIN, until)) return false;
  }
  return true;
}

void simple_client::collect_to_end() {
  await_end();
  if (end_cause_ != "end of stream") fail("the connection ended by " + end_cause_);
  if (received_ != sent_) fail("the connection ended before all bytes had come back");
}

void simple_client::await_end() {
  const std::int64_t until = patience_->deadline(patience_->step_s);
  for (;;) {
    const int got = receive_some();
    if (got < 0) return;
    if (got == 0) require_wait(POLLIN, until);
  }
}

}  // namespace tailrace::load
