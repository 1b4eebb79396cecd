// SPDX-License-Identifier: MIT
// Connected streams and listeners of the Boost.Asio runtimes: handles of a socket_state that the
// pending operations hold as well, as sessions of Asio's users hold themselves. What is pending
// when a socket closes finds that out from the state. Threads: the tasks of their runtime, one in
// each direction; close() any of them. Cost beside Asio's: an allocation a socket.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "runtimes/asio/scheduler.hpp"
#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/lease.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/basic_stream.hpp"

namespace tailrace::asio {

using tcp = boost::asio::ip::tcp;
// With the executor's own type: any_io_executor, the default, costs a virtual call an operation.
using tcp_socket = boost::asio::basic_stream_socket<tcp, boost::asio::io_context::executor_type>;
using tcp_acceptor =
    boost::asio::basic_socket_acceptor<tcp, boost::asio::io_context::executor_type>;

// One direction of a socket; a listener has the receiving one only.
struct direction {
  bool pending = false;
  // What ended it, for every later operation: Asio's epoll backend reports it once, then waits for
  // an event that will not come. Null while it has not ended; 0: the end of the stream.
  std::optional<io_result> end;
};

template <class Contexts, class Socket>
struct socket_state {
  socket_state(basic_scheduler<Contexts>& made_by, Socket connected)
      : owner(made_by), socket(std::move(connected)), buffer(own_bytes(made_by.buffers())) {}

  basic_scheduler<Contexts>& owner;
  Contexts::reference_count references;  // one is the stream's
  // Guards all below. Where a node is claimed too, that comes first.
  [[no_unique_address]] Contexts::short_lock lock;
  Socket socket;
  bool closed = false;
  direction receiving;
  direction sending;
  session_buffer buffer;  // of a stream, where each has its own

 private:
  static std::size_t own_bytes(const buffer_options& chosen) noexcept {
    return std::same_as<Socket, tcp_socket> && !chosen.lent ? chosen.bytes : 0;
  }
};

// A reference to a socket_state; null once moved from.
template <class Contexts, class Socket>
class socket_reference {
 public:
  using state = socket_state<Contexts, Socket>;

  explicit socket_reference(state* adopted) noexcept : state_(adopted) {}
  socket_reference(const socket_reference& other) noexcept : state_(other.state_) {
    state_->references.add();
  }
  socket_reference(socket_reference&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  socket_reference& operator=(socket_reference&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~socket_reference() {
    if (state_ != nullptr && state_->references.drop()) delete state_;
  }

  // Whoever calls it owes the state a reference from now on.
  state* release() noexcept { return std::exchange(state_, nullptr); }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  state* operator->() const noexcept { return state_; }
  std::uint16_t port() const noexcept { return sys::local_port(state_->socket.native_handle()); }
  state& operator*() const noexcept { return *state_; }

 private:
  state* state_;
};

// Owns a socket: the handle of streams and listeners.
template <class Contexts, class Socket>
class socket_owner {
 public:
  socket_owner(basic_scheduler<Contexts>& owner, Socket socket)
      : state_(new socket_state<Contexts, Socket>(owner, std::move(socket))) {
    owner.socket_opened();
  }
  socket_owner(socket_owner&&) noexcept = default;
  socket_owner& operator=(socket_owner&&) noexcept = default;
  ~socket_owner() { close(); }

  // What is pending, or started later, ends with -ECANCELED.
  void close() noexcept {
    if (!state_) return;
    {
      const std::lock_guard guard(state_->lock);
      if (std::exchange(state_->closed, true)) return;
      boost::system::error_code ignored;
      state_->socket.close(ignored);
    }
    state_->owner.socket_closed();
  }

 protected:
  const socket_reference<Contexts, Socket>& socket() const noexcept {
    TAILRACE_DCHECK(state_);
    return state_;
  }

 private:
  socket_reference<Contexts, Socket> state_;
};

// What the operations on a socket have in common.
template <class Contexts, class Socket>
class socket_operation : protected operation {
 protected:
  using reference = socket_reference<Contexts, Socket>;

  socket_operation(const reference& socket, direction& way) noexcept
      : operation(&cancel_pending), socket_(socket), direction_(way) {}

  // pending: the handler that start() gave to Asio may have run, nothing here may be touched.
  // ended: the direction has; post() the task, with its result. refused: by a stop or a close.
  enum class beginning { pending, ended, refused };
  template <class Start>
  beginning begin(task_node& task, Start start);

  // By the handler, first of all. True: cancelled, or closed.
  bool end_pending() noexcept;
  // By the handler: later operations get the same result.
  void end_direction(io_result why) noexcept {
    const std::lock_guard guard(socket_->lock);
    direction_.end = why;
  }

  socket_reference<Contexts, Socket> socket_;
  direction& direction_;

 private:
  static bool cancel_pending(operation& op) noexcept {
    auto& state = *static_cast<socket_operation&>(op).socket_;
    const std::lock_guard guard(state.lock);
    boost::system::error_code ignored;
    state.socket.cancel(ignored);
    return false;
  }
};

// By a lease: to the session, or to the thread on which the lease dies.
template <class Contexts>
struct give_back {
  // Whose buffer it is, with a reference to it; null: the thread lent it.
  socket_state<Contexts, tcp_socket>* session = nullptr;

  void operator()(std::byte* buffer) const noexcept {
    if (session == nullptr) return worker::current->buffers.give_back(buffer);
    const socket_reference<Contexts, tcp_socket> last(session);
    const std::lock_guard guard(last->lock);
    last->buffer.give_back(buffer);
  }
};

template <class Contexts>
class receive_awaiter final : socket_operation<Contexts, tcp_socket> {
  using base = socket_operation<Contexts, tcp_socket>;
  using lease = basic_lease<give_back<Contexts>>;

 public:
  explicit receive_awaiter(const base::reference& from) noexcept : base(from, from->receiving) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    this->handle = self;
    return begin(self.promise().node());
  }
  lease await_resume() noexcept {
    if (status_.count() == 0) [[unlikely]]
      return lease(status_);
    return {buffer_, status_, {lent() ? nullptr : this->socket_.release()}};
  }

 private:
  bool lent() const noexcept { return this->socket_->owner.buffers().lent; }
  bool begin(task_node& receiver);
  // By begin(), under the socket's lock.
  void wait_until_readable();
  void receive_into_own();
  // Handlers.
  void readable(const boost::system::error_code& error);
  void complete(const boost::system::error_code& error, std::size_t count);
  bool receive_into_lent();

  std::byte* buffer_ = nullptr;  // owned: while pending; and where status_ counts bytes
  io_result status_;
};

template <class Contexts>
class send_awaiter final : socket_operation<Contexts, tcp_socket> {
  using base = socket_operation<Contexts, tcp_socket>;

 public:
  send_awaiter(const base::reference& to, std::span<const std::byte> bytes) noexcept
      : base(to, to->sending), unsent_(bytes), size_(bytes.size()) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    this->handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept { return result_; }

 private:
  bool begin(task_node& sender);
  void send_rest();
  void complete(const boost::system::error_code& error, std::size_t count);

  std::span<const std::byte> unsent_;
  std::size_t size_;
  io_result result_;
};

template <class Contexts>
using stream_of = basic_stream<socket_owner<Contexts, tcp_socket>, receive_awaiter<Contexts>,
                               send_awaiter<Contexts>>;

template <class Contexts>
class accept_awaiter final : socket_operation<Contexts, tcp_acceptor> {
  using base = socket_operation<Contexts, tcp_acceptor>;

 public:
  explicit accept_awaiter(const base::reference& on) noexcept : base(on, on->receiving) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    this->handle = self;
    return begin(self.promise().node());
  }
  std::expected<stream_of<Contexts>, int> await_resume() { return std::move(accepted_); }

 private:
  bool begin(task_node& acceptor);
  void complete(const boost::system::error_code& error, tcp_socket accepted);

  std::expected<stream_of<Contexts>, int> accepted_ = std::unexpected(ECANCELED);
};

template <class Contexts>
using listener_of = basic_listener<socket_owner<Contexts, tcp_acceptor>, accept_awaiter<Contexts>>;

}  // namespace tailrace::asio
