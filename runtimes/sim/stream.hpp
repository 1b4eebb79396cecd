// SPDX-License-Identifier: MIT
// Streams and listeners of the simulator. One thread: that of their runtime.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/base/lease.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/sim/machine.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::sim {

// Received bytes are in a block of exactly their size, so that a sanitizer sees any byte too far
// and any use after the lease died.
struct delete_bytes {
  void operator()(std::byte* bytes) const noexcept { delete[] bytes; }
};
using lease = basic_lease<delete_bytes>;

// On the heap until their owner closes them, so that a sanitizer sees any use after that.
struct stream_socket : socket {
  machine& owner;

  void close() noexcept;
};

struct listening_socket {
  machine& owner;
  std::uint16_t number;

  void close() noexcept;
  std::uint16_t port() const noexcept { return number; }
};

// What receiving, sending and accepting share. The network's mutex is held except in begin() and
// set_cancelled().
class socket_operation : public single::awaitable<socket_operation, single::task_operation> {
 public:
  // Tries now; false: not ready, wait.
  virtual bool attempt() = 0;
  // The network finds it from now on.
  virtual void wait();
  bool leave() noexcept;
  virtual void set_cancelled() noexcept = 0;

  bool begin(task_node& task) { return machine_.begin(*this, task); }

  bool woken = false;

 protected:
  explicit socket_operation(machine& owner) noexcept : machine_(owner) {}
  ~socket_operation() = default;
  // Where the network keeps it.
  virtual socket_operation*& place() const noexcept = 0;

  machine& machine_;
};

class receive_awaiter final : public socket_operation {
 public:
  explicit receive_awaiter(const stream_socket& from) noexcept
      : socket_operation(from.owner), from_(from) {}
  lease await_resume() noexcept { return std::move(lease_); }

  bool attempt() override;
  void set_cancelled() noexcept override { lease_ = lease(io_result::of_error(ECANCELED)); }

 private:
  socket_operation*& place() const noexcept override { return from_.in().receiver; }

  const stream_socket& from_;
  lease lease_;
};

class send_awaiter final : public socket_operation {
 public:
  send_awaiter(const stream_socket& to, std::span<const std::byte> bytes) noexcept
      : socket_operation(to.owner), to_(to), bytes_(bytes) {}
  io_result await_resume() const noexcept { return result_; }

  bool attempt() override;
  void wait() override;
  void set_cancelled() noexcept override { result_ = io_result::of_error(ECANCELED); }

 private:
  socket_operation*& place() const noexcept override { return to_.out().sender; }

  const stream_socket& to_;
  std::span<const std::byte> bytes_;
  std::size_t sent_ = 0;
  io_result result_;
};

// The handle of a stream, with what clients do besides closing: end what they send, and reset the
// connection.
class client_end : public socket_owner<stream_socket> {
 public:
  using socket_owner::socket_owner;
  void end() noexcept;
  void reset() noexcept;
};

using stream = basic_stream<client_end, receive_awaiter, send_awaiter>;

class accept_awaiter final : public socket_operation {
 public:
  explicit accept_awaiter(const listening_socket& from) noexcept
      : socket_operation(from.owner), from_(from) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    return stream(*new stream_socket{std::move(*accepted_), machine_});
  }

  bool attempt() override;
  void set_cancelled() noexcept override { accepted_ = std::unexpected(ECANCELED); }

 private:
  socket_operation*& place() const noexcept override {
    return machine_.network().at(from_.number).acceptor;
  }

  const listening_socket& from_;
  std::expected<socket, int> accepted_ = std::unexpected(0);
};

using listener = basic_listener<socket_owner<listening_socket>, accept_awaiter>;

}  // namespace tailrace::sim
