// SPDX-License-Identifier: MIT
// libuv's socket handles with what waits on them. On the heap, because libuv uses a handle until
// its close callback: a stream or listener object owns one and closes it; the callback frees it.
// One thread: the loop's.
#pragma once

#include <uv.h>

#include <cstdint>
#include <expected>
#include <memory>

#include "runtimes/base/io_result.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/libuv/receive_buffers.hpp"

namespace tailrace::libuv {

class poller;
class receive_awaiter;
class send_awaiter;
class accept_awaiter;

// Base of connection and listening_socket.
struct socket_handle {
  explicit socket_handle(poller& its_owner) noexcept;
  socket_handle(const socket_handle&) = delete;
  socket_handle& operator=(const socket_handle&) = delete;
  virtual ~socket_handle() = default;

  uv_stream_t* stream() noexcept { return reinterpret_cast<uv_stream_t*>(&tcp); }
  // Closes the descriptor now; the owner may still hold on to the object.
  void close_descriptor() noexcept;
  // The owner's last act: ends what is pending with -ECANCELED, and frees when libuv allows.
  void close() noexcept;

  uv_tcp_t tcp;
  poller& owner;
  bool closing = false;   // uv_close() was called
  bool closed = false;    // and libuv has called back
  bool released = false;  // no stream or listener owns it any more

 protected:
  virtual void cancel_pending() noexcept = 0;

 private:
  static void on_closed(uv_handle_t* handle);
};

struct connection final : socket_handle {
  using socket_handle::socket_handle;

  // 0 or an errno: libuv starts to read, if it does not already.
  int start_reading() noexcept;
  // How many bytes the socket took at once, or a libuv error; guide: leaves that to the queue.
  int write_at_once(uv_buf_t all) noexcept;
  // 0 or an errno: the bytes go out when the socket takes them; then sender is resumed.
  int queue_write(uv_buf_t rest) noexcept;

  receive_awaiter* receiver = nullptr;
  send_awaiter* sender = nullptr;
  bool reading = false;
  bool holds = false;  // held is what came while nobody received
  bool ended = false;  // held.status() is the end: 0 or an error, again and again
  lease held;

 private:
  void cancel_pending() noexcept override;
  static void on_alloc(uv_handle_t* handle, std::size_t suggested, uv_buf_t* buffer);
  static void on_read(uv_stream_t* from, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  void deliver(lease&& received);
  int queue_as_guide(uv_buf_t all) noexcept;

  // lean: libuv's, while a write is under way. Made when the first has to wait: most never do.
  std::unique_ptr<uv_write_t> request_;
};

struct listening_socket final : socket_handle {
  using socket_handle::socket_handle;

  // 0 or an errno. The descriptor is libuv's from then on, also where it then refuses to listen.
  int listen_on(sys::descriptor& bound) noexcept;
  std::uint16_t port() const noexcept;
  // The connection that waits in libuv; or the errno why it could not be had.
  std::expected<connection*, int> take() noexcept;

  accept_awaiter* acceptor = nullptr;
  int refusal = 0;  // an errno that came while nobody accepted
  // libuv holds an accepted connection, and accepts no more until it is taken.
  bool waiting = false;

 private:
  void cancel_pending() noexcept override;
  static void on_connection(uv_stream_t* server, int status);
};

}  // namespace tailrace::libuv
