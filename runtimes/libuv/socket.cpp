// SPDX-License-Identifier: MIT
#include "runtimes/libuv/socket.hpp"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "runtimes/base/sys.hpp"
#include "runtimes/libuv/poller.hpp"
#include "runtimes/libuv/stream.hpp"

namespace tailrace::libuv {
namespace {

constexpr int backlog = 4096;

template <class Socket, class Handle>
Socket& socket_of(Handle* handle) noexcept {
  return static_cast<Socket&>(*static_cast<socket_handle*>(handle->data));
}

}  // namespace

socket_handle::socket_handle(poller& its_owner) noexcept : owner(its_owner) {
  uv_tcp_init(&owner.uv(), &tcp);  // cannot fail: makes no socket yet
  tcp.data = this;
  owner.socket_opened();
}

void socket_handle::close_descriptor() noexcept {
  if (std::exchange(closing, true)) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp), &on_closed);
}

void socket_handle::close() noexcept {
  cancel_pending();
  close_descriptor();
  released = true;
  owner.socket_closed();
  if (closed) delete this;
}

void socket_handle::on_closed(uv_handle_t* handle) {
  auto& self = socket_of<socket_handle>(handle);
  self.closed = true;
  if (self.released) delete &self;
}

int connection::start_reading() noexcept {
  if (reading) return 0;
  const int error = uv_read_start(stream(), &on_alloc, &on_read);
  reading = error == 0;
  return -error;
}

void connection::on_alloc(uv_handle_t* handle, std::size_t suggested, uv_buf_t* buffer) {
  *buffer = socket_of<connection>(handle).owner.buffers().take(suggested);
}

void connection::on_read(uv_stream_t* from, ssize_t count, const uv_buf_t* buffer) {
  auto& self = socket_of<connection>(from);
  const give_back way_back = self.owner.buffers().way_back();
  auto* const bytes = reinterpret_cast<std::byte*>(buffer->base);
  if (count > 0) [[likely]]
    return self.deliver(
        lease(bytes, io_result::of_count(static_cast<std::size_t>(count)), way_back));
  if (bytes != nullptr) way_back(bytes);
  if (count == 0) return;  // nothing there after all
  self.ended = true;
  self.reading = false;  // libuv stops after an end or an error
  self.deliver(
      lease(count == UV_EOF ? io_result() : io_result::of_error(static_cast<int>(-count))));
}

void connection::deliver(lease&& received) {
  if (receiver != nullptr) [[likely]] {
    receive_awaiter& taker = *std::exchange(receiver, nullptr);
    if (ended) held = lease(received.status());
    return taker.complete(std::move(received));
  }
  held = std::move(received);
  if (ended) return;
  holds = true;
  reading = false;
  uv_read_stop(stream());
}

int connection::write_at_once(uv_buf_t all) noexcept {
  return owner.how() == style::lean ? uv_try_write(stream(), &all, 1) : 0;
}

int connection::queue_write(uv_buf_t rest) noexcept {
  if (owner.how() == style::guide) return queue_as_guide(rest);
  if (!request_) request_.reset(new (std::nothrow) uv_write_t);
  if (!request_) return ENOMEM;
  return -uv_write(request_.get(), stream(), &rest, 1, &on_written);
}

int connection::queue_as_guide(uv_buf_t all) noexcept {
  auto* const request = static_cast<uv_write_t*>(std::malloc(sizeof(uv_write_t)));
  if (request == nullptr) return ENOMEM;
  const int error = uv_write(request, stream(), &all, 1, [](uv_write_t* done, int status) {
    on_written(done, status);
    std::free(done);
  });
  if (error != 0) std::free(request);
  return -error;
}

void connection::on_written(uv_write_t* request, int status) {
  auto& self = socket_of<connection>(request->handle);
  if (self.sender == nullptr) return;  // cancelled
  std::exchange(self.sender, nullptr)->complete(status);
}

void connection::cancel_pending() noexcept {
  if (receiver != nullptr) owner.cancel(*receiver->node);
  if (sender != nullptr) owner.cancel(*sender->node);
  held = lease();
}

int listening_socket::listen_on(sys::descriptor& bound) noexcept {
  const int error = uv_tcp_open(&tcp, bound.get());
  if (error != 0) return -error;
  static_cast<void>(bound.release());
  return -uv_listen(stream(), backlog, &on_connection);
}

std::uint16_t listening_socket::port() const noexcept {
  uv_os_fd_t fd = -1;
  uv_fileno(reinterpret_cast<const uv_handle_t*>(&tcp), &fd);
  return sys::local_port(fd);
}

std::expected<connection*, int> listening_socket::take() noexcept {
  auto* const accepted = new (std::nothrow) connection(owner);
  if (accepted == nullptr) return std::unexpected(ENOMEM);
  waiting = false;
  const int error = uv_accept(stream(), accepted->stream());
  if (error != 0) {
    accepted->close();
    return std::unexpected(-error);
  }
  // A connection that the peer has reset already may refuse the option; its first receive fails.
  static_cast<void>(uv_tcp_nodelay(&accepted->tcp, 1));
  return accepted;
}

void listening_socket::on_connection(uv_stream_t* server, int status) {
  auto& self = socket_of<listening_socket>(server);
  if (status == 0) self.waiting = true;
  if (self.acceptor != nullptr) return std::exchange(self.acceptor, nullptr)->complete(-status);
  if (status != 0) self.refusal = -status;
}

void listening_socket::cancel_pending() noexcept {
  if (acceptor != nullptr) owner.cancel(*acceptor->node);
}

}  // namespace tailrace::libuv
