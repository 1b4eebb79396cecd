// SPDX-License-Identifier: MIT
#include "runtimes/libuv/stream.hpp"

#include <algorithm>
#include <cerrno>

#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::libuv {

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  // libuv 1.44 has no flag for SO_REUSEPORT, so the socket is made outside.
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  listener listening(*new listening_socket(*this));
  const int error = listening.listen_on(socket->get());
  if (error != 0)
    return std::unexpected(
        start_error{error, "libuv refuses the listening socket: " + sys::errno_name(error)});
  static_cast<void>(socket->release());  // libuv's from now on
  return listening;
}

int listener::listen_on(int fd) noexcept {
  return socket_->listen_on(fd);
}

std::uint16_t listener::port() const noexcept {
  uv_os_fd_t fd = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(&socket_->tcp), &fd);
  return sys::local_port(fd);
}

bool receive_awaiter::begin(task_node& task) noexcept {
  if (task.owner->stop_requested() || connection_.closing) [[unlikely]] {
    lease_ = buffer_lease(io_result::of_error(ECANCELED));
    return false;
  }
  if (connection_.holds) {
    connection_.holds = false;
    lease_ = std::move(connection_.held);
    return connection_.owner.takes_turns(*this);
  }
  if (connection_.ended) {
    lease_ = buffer_lease(connection_.held.status());
    return connection_.owner.takes_turns(*this);
  }
  if (const int error = connection_.start_reading()) [[unlikely]] {
    lease_ = buffer_lease(io_result::of_error(error));
    return false;
  }
  TAILRACE_CHECK(connection_.receiver == nullptr);  // one task at a time receives
  connection_.receiver = this;
  runtime::suspend(*this, task);
  return true;
}

void receive_awaiter::abandon_receive(operation& op) noexcept {
  auto& receive = static_cast<receive_awaiter&>(op);
  receive.connection_.receiver = nullptr;
  receive.lease_ = buffer_lease(io_result::of_error(ECANCELED));
}

bool send_awaiter::begin(task_node& task) noexcept {
  if (task.owner->stop_requested() || connection_.closing) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  TAILRACE_CHECK(connection_.sender == nullptr);  // one task at a time sends
  TAILRACE_CHECK_VALUES(bytes_.size() <= UINT32_MAX, bytes_.size(), UINT32_MAX);  // a uv_buf_t's
  // libuv takes char* for what it only reads.
  auto* const first = const_cast<char*>(reinterpret_cast<const char*>(bytes_.data()));
  const auto size = static_cast<unsigned>(bytes_.size());
  const uv_buf_t all = uv_buf_init(first, size);
  const int written = size == 0 ? 0 : uv_try_write(connection_.stream(), &all, 1);
  if (written == static_cast<int>(size)) [[likely]] {
    result_ = io_result::of_count(bytes_.size());
    return connection_.owner.takes_turns(*this);
  }
  int error = written < 0 && written != UV_EAGAIN ? -written : 0;
  if (error == 0) {
    const auto sent = static_cast<unsigned>(std::max(written, 0));
    error = connection_.queue_write(uv_buf_init(first + sent, size - sent));
  }
  if (error != 0) {
    result_ = io_result::of_error(error);
    return false;
  }
  connection_.sender = this;
  runtime::suspend(*this, task);
  return true;
}

void send_awaiter::abandon_send(operation& op) noexcept {
  auto& send = static_cast<send_awaiter&>(op);
  send.connection_.sender = nullptr;
  send.connection_.close();  // or libuv would go on reading the bytes
  send.result_ = io_result::of_error(ECANCELED);
}

bool accept_awaiter::begin(task_node& task) noexcept {
  if (task.owner->stop_requested()) [[unlikely]] {
    error_ = ECANCELED;
    return false;
  }
  error_ = std::exchange(socket_.refusal, 0);
  if (error_ != 0 || socket_.waiting) return socket_.owner.takes_turns(*this);
  TAILRACE_CHECK(socket_.acceptor == nullptr);  // one task at a time accepts
  socket_.acceptor = this;
  runtime::suspend(*this, task);
  return true;
}

void accept_awaiter::abandon_accept(operation& op) noexcept {
  auto& accept = static_cast<accept_awaiter&>(op);
  accept.socket_.acceptor = nullptr;
  accept.error_ = ECANCELED;
}

}  // namespace tailrace::libuv
