// SPDX-License-Identifier: MIT
// The client side of a check: one TCP connection that sends a known pattern and compares every byte
// that comes back by its place in the stream. Plain sockets and poll; every wait has a deadline and
// ends in check_failed with what was seen. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/conform/check.hpp"

namespace tailrace::conform {

class peer {
 public:
  // `seed` makes the pattern this connection's own, so that bytes of another one are recognised;
  // its 8 bytes, little-endian, come first.
  peer(const context& with, const std::string& address, std::uint64_t seed);
  ~peer();
  peer(peer&& other) noexcept;
  peer& operator=(peer&& other) noexcept;
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  // Sends and receives at once until `bytes` more were sent, in pieces of at most `piece`, and
  // all that was ever sent has come back.
  void echo(std::uint64_t bytes, std::size_t piece = 65536);
  // Sends without reading. Returns what was taken until all was, or until the peer has taken
  // nothing for `stalled`.
  std::uint64_t push(std::uint64_t bytes, std::chrono::milliseconds stalled);
  // Receives what is still owed.
  void collect() { echo(0); }
  // Sends our FIN.
  void finish_sending();
  // After finish_sending(): exactly what is owed, then the end of the stream and nothing more.
  void collect_to_end();
  // Waits until the other side has ended the connection, by FIN or reset.
  void await_end();
  // True where an answer to `bytes` more came within the time; false where none came. For a peer
  // that may not be accepted yet.
  bool answers(std::uint64_t bytes, std::chrono::milliseconds within);
  // True once a call above has met the end of the stream or a reset.
  bool ended() const { return !end_cause_.empty(); }
  // Closes by RST.
  void reset();
  // As much of both directions as goes without waiting; false where the connection has ended.
  bool pump(std::uint64_t bytes_ahead);
  // Leaves without a word (FIN by close()).
  void close();

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  int descriptor() const { return descriptor_; }

 private:
  bool send_some(std::uint64_t target, std::size_t piece);  // false: would block
  // Bytes received; 0: would block; -1: end of stream or reset.
  int receive_some();
  void wait(short events, steady::time_point until);
  [[noreturn]] void fail(const std::string& what) const;

  const context* with_;
  int descriptor_ = -1;
  std::uint64_t seed_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::string end_cause_;
};

}  // namespace tailrace::conform
