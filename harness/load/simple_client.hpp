// SPDX-License-Identifier: MIT
// One TCP connection to an echo server that sends a known pattern and compares every byte that
// comes back by its place in the stream: for checks and counts, where nothing is timed. Plain
// sockets and poll; every wait has a deadline. What goes wrong is a refusal that names the
// connection and what was seen. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "harness/load/endpoint.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {

// How long clients wait. Outlives them.
struct client_patience {
  double connect_s = 10;
  double step_s = 10;               // for the next byte, either way
  std::int64_t end_ns = INT64_MAX;  // of all waiting
  std::function<void()> look;       // at least each tenth of a second of a wait; may throw

  std::int64_t deadline(double limit_s) const {
    return std::min(end_ns, observe::from_now(limit_s));
  }
};

class simple_client {
 public:
  enum class ending { fin, reset };  // how it closes

  // Connects. `number` makes the pattern this connection's own, so that bytes of another one are
  // recognised; its 8 bytes, little-endian, come first. `source`, `sizes`: see begin_connect().
  simple_client(const endpoint& to, std::uint64_t number, const client_patience& patience,
                ending closes = ending::fin, std::uint32_t source = 0,
                const socket_sizes& sizes = {});
  ~simple_client() { close(); }
  simple_client(simple_client&& other) noexcept;
  simple_client& operator=(simple_client&& other) noexcept;

  // Sends all of `bytes`, without reading.
  void send(std::uint64_t bytes);
  // Receives what is still owed.
  void collect() { echo(0); }
  // Sends and receives at once until `bytes` more were sent and all that was ever sent came back.
  void echo(std::uint64_t bytes);
  // Sends without reading. Returns what was taken until all was, or until nothing was for
  // `stalled_s`.
  std::uint64_t push(std::uint64_t bytes, double stalled_s);
  // As much of both directions as goes without waiting, `bytes_ahead` being owed at most; false
  // where the connection has ended.
  bool pump(std::uint64_t bytes_ahead);
  // Takes what has come, without waiting; true once nothing is owed. Throws at the end of the
  // stream.
  bool take();
  // True where what is owed came within the time; false where it did not, or the connection ended.
  bool answers(double within_s);
  // Sends our FIN.
  void finish_sending();
  // After finish_sending(): exactly what is owed, then the end of the stream and nothing more.
  void collect_to_end();
  // Waits until the other side has ended the connection, by FIN or reset.
  void await_end();
  // True once a call above has met the end of the stream or a reset.
  bool ended() const { return !end_cause_.empty(); }
  // Closes by RST.
  void reset();
  void close();

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  int descriptor() const { return descriptor_; }

 private:
  bool send_some(std::uint64_t target);  // false: would block
  // Bytes received; 0: would block; -1: end of stream or reset.
  int receive_some();
  // False: not by then.
  bool wait(short events, std::int64_t deadline_ns) const;
  void require_wait(short events, std::int64_t deadline_ns) const;
  [[noreturn]] void fail(const std::string& what) const;

  const client_patience* patience_;
  int descriptor_ = -1;
  std::uint64_t number_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::string end_cause_;
};

}  // namespace tailrace::load
