// SPDX-License-Identifier: MIT
// Connected streams and listeners of the libuv runtime, and what their awaiters do. One thread: the
// loop's.
#pragma once

#include <coroutine>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/libuv/runtime.hpp"
#include "runtimes/libuv/socket.hpp"

namespace tailrace::libuv {

class receive_awaiter final : public operation {
 public:
  explicit receive_awaiter(connection& from) noexcept
      : operation(&abandon_receive), connection_(from) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  buffer_lease await_resume() noexcept { return std::move(lease_); }

  // For connection, inside a callback.
  void complete(buffer_lease received) {
    lease_ = std::move(received);
    connection_.owner.resume(*this);
  }

 private:
  bool begin(task_node& receiver) noexcept;
  static void abandon_receive(operation& op) noexcept;

  connection& connection_;
  buffer_lease lease_;
};

class send_awaiter final : public operation {
 public:
  send_awaiter(connection& to, std::span<const std::byte> bytes) noexcept
      : operation(&abandon_send), connection_(to), bytes_(bytes) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  // count: all bytes, or an error; what went out before an error is not told.
  io_result await_resume() const noexcept { return result_; }

  // For connection, inside a callback. status: libuv's, 0 or -errno.
  void complete(int status) {
    result_ = status == 0 ? io_result::of_count(bytes_.size()) : io_result::of_error(-status);
    connection_.owner.resume(*this);
  }

 private:
  bool begin(task_node& sender) noexcept;
  static void abandon_send(operation& op) noexcept;

  connection& connection_;
  std::span<const std::byte> bytes_;
  io_result result_;
};

// Owns a socket handle. Base of stream and listener.
template <class Socket>
class socket_owner {
 public:
  explicit socket_owner(Socket& owned) noexcept : socket_(&owned) {}
  socket_owner(socket_owner&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  socket_owner& operator=(socket_owner&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~socket_owner() { close(); }

  void close() noexcept {
    if (socket_ != nullptr) std::exchange(socket_, nullptr)->release();
  }

 protected:
  Socket* socket_;  // null once closed
};

class stream final : public socket_owner<connection> {
 public:
  using lease_type = buffer_lease;
  using socket_owner::socket_owner;

  receive_awaiter receive() noexcept { return receive_awaiter(*socket_); }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept { return {*socket_, bytes}; }
};

class accept_awaiter final : public operation {
 public:
  explicit accept_awaiter(listening_socket& on) noexcept
      : operation(&abandon_accept), socket_(on) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  std::expected<stream, int> await_resume() {
    if (error_ != 0) return std::unexpected(error_);
    const auto accepted = socket_.take();
    if (!accepted) return std::unexpected(accepted.error());
    return stream(**accepted);
  }

  // For listening_socket, inside a callback. error: 0 if a connection waits.
  void complete(int error) {
    error_ = error;
    socket_.owner.resume(*this);
  }

 private:
  bool begin(task_node& acceptor) noexcept;
  static void abandon_accept(operation& op) noexcept;

  listening_socket& socket_;
  int error_ = 0;
};

class listener final : public socket_owner<listening_socket> {
 public:
  using stream_type = stream;
  using socket_owner::socket_owner;

  accept_awaiter accept() noexcept { return accept_awaiter(*socket_); }
  std::uint16_t port() const noexcept;

 private:
  friend runtime;
  int listen_on(int fd) noexcept;  // 0 or an errno; takes fd over when 0
};

}  // namespace tailrace::libuv
