// SPDX-License-Identifier: MIT
// Streams and listeners of the libuv runtime, and what their awaiters do. One thread: the loop's.
#pragma once

#include <cerrno>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/libuv/poller.hpp"
#include "runtimes/libuv/receive_buffers.hpp"
#include "runtimes/libuv/socket.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::libuv {

class receive_awaiter final : public single::awaitable<receive_awaiter, single::task_operation> {
 public:
  explicit receive_awaiter(connection& from) noexcept : connection_(from) {}
  lease await_resume() noexcept { return std::move(lease_); }

  bool begin(task_node& receiver) noexcept;
  // By a callback.
  void complete(lease&& received) {
    lease_ = std::move(received);
    connection_.owner.resume(*this);
  }
  void set_cancelled() noexcept { lease_ = lease(io_result::of_error(ECANCELED)); }
  bool leave() noexcept {
    connection_.receiver = nullptr;
    return true;
  }

 private:
  connection& connection_;
  lease lease_;
};

class send_awaiter final : public single::awaitable<send_awaiter, single::task_operation> {
 public:
  send_awaiter(connection& to, std::span<const std::byte> bytes) noexcept
      : connection_(to), bytes_(bytes) {}
  io_result await_resume() const noexcept { return result_; }

  bool begin(task_node& sender) noexcept;
  // By a callback. status: libuv's, 0 or -errno.
  void complete(int status) {
    result_ = status == 0 ? io_result::of_count(bytes_.size()) : io_result::of_error(-status);
    connection_.owner.resume(*this);
  }
  void set_cancelled() noexcept { result_ = io_result::of_error(ECANCELED); }
  bool leave() noexcept {
    connection_.sender = nullptr;
    connection_.close_descriptor();  // or libuv would go on reading the bytes
    return true;
  }

 private:
  connection& connection_;
  std::span<const std::byte> bytes_;
  io_result result_;
};

using stream = basic_stream<socket_owner<connection>, receive_awaiter, send_awaiter>;

class accept_awaiter final : public single::awaitable<accept_awaiter, single::task_operation> {
 public:
  explicit accept_awaiter(listening_socket& on) noexcept : socket_(on) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    return stream(**accepted_);
  }

  bool begin(task_node& acceptor) noexcept;
  // By a callback. error: 0 if a connection waits.
  void complete(int error) {
    settle(error);
    socket_.owner.resume(*this);
  }
  void set_cancelled() noexcept { accepted_ = std::unexpected(ECANCELED); }
  bool leave() noexcept {
    socket_.acceptor = nullptr;
    return true;
  }

 private:
  // At once: another task may close the listener before this one runs.
  void settle(int error) noexcept;

  listening_socket& socket_;
  std::expected<connection*, int> accepted_ = nullptr;
};

using listener = basic_listener<socket_owner<listening_socket>, accept_awaiter>;

}  // namespace tailrace::libuv
