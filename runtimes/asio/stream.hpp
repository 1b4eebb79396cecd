// SPDX-License-Identifier: MIT
// Connected streams and listeners of the Boost.Asio runtimes. One thread: that of their runtime.
// The awaiters of a socket know of each other's end: what is pending when the socket closes is
// marked cancelled, so that no handler touches a socket that is gone.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "asio/runtime.hpp"
#include "io_result.hpp"

namespace tailrace::asio {

using tcp = boost::asio::ip::tcp;
// With the executor's own type: any_io_executor, the default, costs a virtual call an operation.
using tcp_socket = boost::asio::basic_stream_socket<tcp, runtime::context::executor_type>;
using tcp_acceptor = boost::asio::basic_socket_acceptor<tcp, runtime::context::executor_type>;

// A socket with what waits on it, closed when destroyed. Base of stream and listener. Must not be
// moved while an operation is pending.
template <class Socket>
class open_socket {
 public:
  open_socket(runtime& owner, Socket socket) noexcept
      : runtime_(&owner), socket_(std::move(socket)) {
    owner.socket_opened();
  }
  open_socket(open_socket&& other) noexcept
      : runtime_(std::exchange(other.runtime_, nullptr)),
        socket_(std::move(other.socket_)),
        ended_(other.ended_) {}
  open_socket& operator=(open_socket&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(socket_, other.socket_);
    std::swap(ended_, other.ended_);
    return *this;
  }
  ~open_socket() { close(); }

  // What is pending ends with -ECANCELED.
  void close() noexcept {
    if (runtime_ == nullptr) return;
    for (operation* const pending : {receiver_, sender_})
      if (pending != nullptr) pending->cancelled = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    runtime_->socket_closed();
    runtime_ = nullptr;
  }

  bool closed() const noexcept { return runtime_ == nullptr; }
  runtime& owner() const noexcept { return *runtime_; }
  Socket& socket() noexcept { return socket_; }
  // The handlers' operations; null: none is pending. A listener has a receiver only.
  operation*& receiver() noexcept { return receiver_; }
  operation*& sender() noexcept { return sender_; }

  // The end of the stream, which Asio tells once: its epoll backend waits for another event.
  bool ended() const noexcept { return ended_; }
  void set_ended() noexcept { ended_ = true; }

  void cancel_pending() noexcept {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

 private:
  runtime* runtime_;  // null once closed, or moved from
  Socket socket_;
  operation* receiver_ = nullptr;
  operation* sender_ = nullptr;
  bool ended_ = false;
};

class receive_awaiter final : operation {
 public:
  explicit receive_awaiter(open_socket<tcp_socket>& from) noexcept
      : operation(&cancel_receive), from_(from) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  buffer_lease await_resume() noexcept { return std::move(lease_); }

 private:
  bool begin(task_node& receiver);
  void complete(runtime& owner, std::byte* buffer, const boost::system::error_code& error,
                std::size_t count);
  static void cancel_receive(operation& op) noexcept;

  open_socket<tcp_socket>& from_;
  buffer_lease lease_;
};

class send_awaiter final : operation {
 public:
  send_awaiter(open_socket<tcp_socket>& to, std::span<const std::byte> bytes) noexcept
      : operation(&cancel_send), to_(to), unsent_(bytes), size_(bytes.size()) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  // count: all bytes, or an error; what went out before an error is not told.
  io_result await_resume() const noexcept { return result_; }

 private:
  bool begin(task_node& sender);
  void send_rest(runtime& owner);
  void complete(runtime& owner, const boost::system::error_code& error, std::size_t count);
  static void cancel_send(operation& op) noexcept;

  open_socket<tcp_socket>& to_;
  std::span<const std::byte> unsent_;
  std::size_t size_;
  io_result result_;
};

class stream final : public open_socket<tcp_socket> {
 public:
  using lease_type = buffer_lease;
  using open_socket::open_socket;

  receive_awaiter receive() noexcept { return receive_awaiter(*this); }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept { return {*this, bytes}; }
};

class accept_awaiter final : operation {
 public:
  explicit accept_awaiter(open_socket<tcp_acceptor>& on) noexcept
      : operation(&cancel_accept), on_(on) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  std::expected<stream, int> await_resume() { return std::move(accepted_); }

 private:
  bool begin(task_node& acceptor);
  void complete(runtime& owner, const boost::system::error_code& error, tcp_socket accepted);
  static void cancel_accept(operation& op) noexcept;

  open_socket<tcp_acceptor>& on_;
  std::expected<stream, int> accepted_ = std::unexpected(ECANCELED);
};

class listener final : public open_socket<tcp_acceptor> {
 public:
  using stream_type = stream;
  listener(runtime& owner, tcp_acceptor acceptor, std::uint16_t port) noexcept
      : open_socket(owner, std::move(acceptor)), port_(port) {}

  accept_awaiter accept() noexcept { return accept_awaiter(*this); }
  std::uint16_t port() const noexcept { return port_; }

 private:
  std::uint16_t port_;
};

}  // namespace tailrace::asio
