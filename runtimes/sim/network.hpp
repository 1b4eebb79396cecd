// SPDX-License-Identifier: MIT
// The simulator's sockets: connections in memory with bounded buffers, ends of stream and resets
// as TCP has them. Calls never block: EAGAIN says wait, and a waiting operation is put on the list
// of the woken once its socket changes.
//
// Threads: all of it is guarded by mutex(), which the caller holds; in a simulation only one thread
// takes part, in a conformance run clients of other threads do (external_client.hpp).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "runtimes/base/io_result.hpp"

namespace tailrace::sim {

class socket_operation;  // what a task waits in for a socket

// One direction of a connection.
class pipe {
 public:
  static constexpr std::size_t capacity = 64 * 1024;

  std::size_t size() const noexcept { return bytes_.size() - taken_; }
  std::size_t room() const noexcept { return capacity - size(); }
  void put(std::span<const std::byte> bytes);
  void take(std::span<std::byte> into);

  bool ended = false;  // the sender will send no more
  socket_operation* receiver = nullptr;
  socket_operation* sender = nullptr;

 private:
  std::vector<std::byte> bytes_;
  std::size_t taken_ = 0;  // of the front of bytes_
};

struct connection {
  pipe directions[2];  // what side i receives
  bool closed[2] = {false, false};
  bool reset = false;
};

// One end of a connection.
struct socket {
  std::shared_ptr<connection> link;
  int side = 0;

  pipe& in() const noexcept { return link->directions[side]; }
  pipe& out() const noexcept { return link->directions[1 - side]; }
};

struct port_state {
  std::deque<std::shared_ptr<connection>> backlog;
  socket_operation* acceptor = nullptr;
};

class network {
 public:
  std::mutex& mutex() noexcept { return mutex_; }

  // A free port for 0; EADDRINUSE if taken.
  std::expected<std::uint16_t, int> listen(std::uint16_t port);
  void unlisten(std::uint16_t port);
  port_state& at(std::uint16_t port) { return ports_.at(port); }
  // ECONNREFUSED if nobody listens.
  std::expected<socket, int> connect(std::uint16_t port);
  std::expected<socket, int> accept(std::uint16_t port);

  // At most into.size() / bytes.size() bytes.
  io_result receive(const socket& from, std::span<std::byte> into);
  io_result send(const socket& to, std::span<const std::byte> bytes);
  void end(const socket& of);
  void reset(const socket& of);
  // Unread bytes make it a reset, as in TCP (RFC 2525, 2.17).
  void close(const socket& of);

  // Operations whose socket has changed since the last call.
  std::vector<socket_operation*> take_woken();
  bool has_woken() const noexcept { return !woken_.empty(); }
  void wake(socket_operation* waiting);
  void forget(socket_operation& waiting) noexcept;

  // Accepts fail with EMFILE while set.
  bool refuses_accepts = false;

  // For other threads: notified on every change.
  std::condition_variable& changed() noexcept { return changed_; }
  // Tells the runtime's thread that another one has changed something.
  void poke() noexcept {
    poked_ = true;
    changed_.notify_all();
  }
  bool take_poke() noexcept { return std::exchange(poked_, false); }
  bool poked() const noexcept { return poked_; }

 private:
  void wake_all(connection& link);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint16_t, port_state> ports_;
  std::uint16_t next_port_ = 40'000;
  std::vector<socket_operation*> woken_;
  bool poked_ = false;
};

}  // namespace tailrace::sim
