// SPDX-License-Identifier: MIT
// See peer.hpp.
#include "harness/conform/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

namespace tailrace::conform {
namespace {

constexpr std::size_t buffer_bytes = 65536;

// The first 8 bytes are the seed itself: for the workload hog it is the connection's number.
char pattern(std::uint64_t seed, std::uint64_t place) {
  if (place < 8) return static_cast<char>(seed >> (8 * place));
  std::uint64_t mixed = (seed * 0x9e3779b97f4a7c15U) + place / 8;
  mixed ^= mixed >> 29;
  mixed *= 0xbf58476d1ce4e5b9U;
  return static_cast<char>(mixed >> (8 * (place % 8)));
}

int wait_ms(steady::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 1'000'000));
}

sockaddr_in parse_address(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::size_t colon = text.rfind(':');
  require(colon != std::string::npos, "the address '" + text.substr(0, 80) + "' has no port");
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, port);
  require(error == std::errc{} && end == last && port != 0,
          "the address '" + text.substr(0, 80) + "' has no valid port");
  address.sin_port = htons(port);
  require(::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) == 1,
          "the address '" + text.substr(0, 80) + "' is not an IPv4 address and port");
  return address;
}

}  // namespace

peer::peer(const context& with, const std::string& address, std::uint64_t seed)
    : with_(&with), seed_(seed) {
  const sockaddr_in to = parse_address(address);
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) throw check_failed(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int error = 0;
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) error = errno;
  if (error == EINPROGRESS) {
    pollfd writable{descriptor_, POLLOUT, 0};
    error = ::poll(&writable, 1, wait_ms(with.soon())) > 0 ? 0 : ETIMEDOUT;
    socklen_t size = sizeof error;
    if (error == 0) ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    ::close(std::exchange(descriptor_, -1));
    throw check_failed("cannot connect to " + address + ": " + std::strerror(error));
  }
}

peer::~peer() {
  close();
}

peer::peer(peer&& other) noexcept
    : with_(other.with_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      seed_(other.seed_),
      sent_(other.sent_),
      received_(other.received_),
      end_cause_(std::move(other.end_cause_)) {}

peer& peer::operator=(peer&& other) noexcept {
  std::swap(with_, other.with_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(seed_, other.seed_);
  std::swap(sent_, other.sent_);
  std::swap(received_, other.received_);
  std::swap(end_cause_, other.end_cause_);
  return *this;
}

void peer::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void peer::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void peer::finish_sending() {
  ::shutdown(descriptor_, SHUT_WR);
}

void peer::fail(const std::string& what) const {
  throw check_failed(what + " (sent " + std::to_string(sent_) + " bytes, received " +
                     std::to_string(received_) + ")");
}

bool peer::send_some(std::uint64_t target, std::size_t piece) {
  std::array<char, buffer_bytes> buffer;
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>({target - sent_, piece, buffer.size()}));
  for (std::size_t i = 0; i < size; ++i)
    buffer[i] = pattern(seed_, sent_ + i);
  const ssize_t count = ::send(descriptor_, buffer.data(), size, MSG_NOSIGNAL);
  if (count >= 0) {
    sent_ += static_cast<std::uint64_t>(count);
    return true;
  }
  if (errno == EAGAIN || errno == EINTR) return false;
  fail(std::string("sending failed: ") + std::strerror(errno));
}

int peer::receive_some() {
  std::array<char, buffer_bytes> buffer;
  const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (count <= 0) {
    end_cause_ = count == 0 ? "end of stream" : std::strerror(errno);
    return -1;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (received_ + i >= sent_) fail("more bytes came back than were sent");
    const char wanted = pattern(seed_, received_ + i);
    if (buffer[i] == wanted) continue;
    std::array<char, 120> text;
    std::snprintf(text.data(), text.size(), "byte %llu came back as 0x%02x instead of 0x%02x",
                  static_cast<unsigned long long>(received_ + i),
                  static_cast<unsigned>(static_cast<unsigned char>(buffer[i])),
                  static_cast<unsigned>(static_cast<unsigned char>(wanted)));
    fail(text.data());
  }
  received_ += static_cast<std::uint64_t>(count);
  return static_cast<int>(count);
}

void peer::wait(short events, steady::time_point until) {
  pollfd watched{descriptor_, events, 0};
  const int ready = ::poll(&watched, 1, wait_ms(until));
  if (ready < 0 && errno != EINTR) fail(std::string("poll: ") + std::strerror(errno));
  if (ready == 0) fail("nothing came or was taken in time");
}

void peer::echo(std::uint64_t bytes, std::size_t piece) {
  const std::uint64_t target = sent_ + bytes;
  steady::time_point until = with_->soon();
  while (received_ < target) {
    const std::uint64_t before = sent_ + received_;
    if (sent_ < target) send_some(target, piece);
    if (receive_some() < 0) fail("the connection ended early: " + end_cause_);
    if (sent_ + received_ != before) {
      until = with_->soon();
    } else {
      wait(static_cast<short>(sent_ < target ? POLLIN | POLLOUT : POLLIN), until);
    }
  }
}

std::uint64_t peer::push(std::uint64_t bytes, std::chrono::milliseconds stalled) {
  const std::uint64_t from = sent_;
  while (sent_ < from + bytes) {
    if (send_some(from + bytes, buffer_bytes)) continue;
    require(steady::now() < with_->end, "the time of the whole run is up");
    pollfd writable{descriptor_, POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(stalled.count())) == 0) break;
  }
  return sent_ - from;
}

void peer::collect_to_end() {
  for (const steady::time_point until = with_->soon();;) {
    const int got = receive_some();
    if (got == 0) wait(POLLIN, until);
    if (got >= 0) continue;
    if (end_cause_ != "end of stream") fail("the connection ended by '" + end_cause_ + "'");
    if (received_ != sent_) fail("the connection ended before all bytes had come back");
    return;
  }
}

void peer::await_end() {
  for (const steady::time_point until = with_->soon();;) {
    const int got = receive_some();
    if (got < 0) return;
    if (got == 0) wait(POLLIN, until);
  }
}

bool peer::answers(std::uint64_t bytes, std::chrono::milliseconds within) {
  const steady::time_point until = steady::now() + within;
  const std::uint64_t target = sent_ + bytes;
  while (received_ < target) {
    if (sent_ < target) send_some(target, buffer_bytes);
    const int got = receive_some();
    if (got < 0) return false;
    if (got > 0) continue;
    pollfd readable{descriptor_, POLLIN, 0};
    if (::poll(&readable, 1, wait_ms(until)) == 0) return false;
  }
  return true;
}

bool peer::pump(std::uint64_t bytes_ahead) {
  if (sent_ < received_ + bytes_ahead) {
    std::array<char, buffer_bytes> buffer;
    const std::size_t size = static_cast<std::size_t>(
        std::min<std::uint64_t>(received_ + bytes_ahead - sent_, buffer.size()));
    for (std::size_t i = 0; i < size; ++i)
      buffer[i] = pattern(seed_, sent_ + i);
    const ssize_t count = ::send(descriptor_, buffer.data(), size, MSG_NOSIGNAL);
    if (count > 0) sent_ += static_cast<std::uint64_t>(count);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
  }
  return receive_some() >= 0;
}

}  // namespace tailrace::conform
