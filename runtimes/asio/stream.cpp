// SPDX-License-Identifier: MIT
#include "runtimes/asio/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <cerrno>

#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::asio {

using boost::system::error_code;

template <class Contexts, class Socket>
template <class Start>
auto socket_operation<Contexts, Socket>::begin(task_node& task, Start start) -> beginning {
  task_claim<Contexts> claim(task, *this);
  const std::lock_guard guard(socket_->lock);
  if (claim.stop_requested() || socket_->closed) [[unlikely]]
    return beginning::refused;
  TAILRACE_CHECK(!direction_.pending);  // one task at a time in each direction
  if (direction_.end) [[unlikely]]
    return beginning::ended;
  start();
  direction_.pending = true;
  claim.sleep_in(*this);
  return beginning::pending;
}

template <class Contexts, class Socket>
bool socket_operation<Contexts, Socket>::end_pending() noexcept {
  basic_scheduler<Contexts>::woke(*this);
  const std::lock_guard guard(socket_->lock);
  direction_.pending = false;
  return cancelled || socket_->closed;
}

template <class Contexts>
bool receive_awaiter<Contexts>::begin(task_node& task) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  const auto begun = base::begin(task, [this] {
    if (lent())
      wait_until_readable();
    else
      receive_into_own();
  });
  if (begun == base::beginning::pending) [[likely]]
    return true;
  if (begun == base::beginning::refused) {
    status_ = io_result::of_error(ECANCELED);
    return false;
  }
  status_ = *this->direction_.end;
  owner.post(this->handle);  // in its turn
  return true;
}

template <class Contexts>
void receive_awaiter<Contexts>::receive_into_own() {
  const std::size_t bytes = this->socket_->owner.buffers().bytes;
  buffer_ = this->socket_->buffer.take(bytes);
  this->socket_->socket.async_receive(
      boost::asio::buffer(buffer_, bytes),
      [this](const error_code& error, std::size_t count) { complete(error, count); });
}

template <class Contexts>
void receive_awaiter<Contexts>::complete(const error_code& error, std::size_t count) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  const bool over = this->end_pending();
  if (!over && count > 0) [[likely]] {
    status_ = io_result::of_count(count);
    return owner.resume(*this);
  }
  {
    const std::lock_guard guard(this->socket_->lock);
    this->socket_->buffer.give_back(buffer_);
  }
  status_ = io_result::of_error(ECANCELED);
  if (!over) {
    const bool end = error == boost::asio::error::eof;
    status_ = end ? io_result() : io_result::of_error(error.value());
    this->end_direction(status_);
  }
  owner.resume(*this);
}

template <class Contexts>
void receive_awaiter<Contexts>::wait_until_readable() {
  this->socket_->socket.async_wait(tcp_socket::wait_read,
                                   [this](const error_code& error) { readable(error); });
}

template <class Contexts>
void receive_awaiter<Contexts>::readable(const error_code& error) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  owner.woke(*this);
  bool too_early = false;
  {
    // Held over the call, so that the descriptor is this socket's until then.
    const std::lock_guard guard(this->socket_->lock);
    this->direction_.pending = false;
    if (this->cancelled || this->socket_->closed)
      status_ = io_result::of_error(ECANCELED);
    else if (error)
      this->direction_.end = status_ = io_result::of_error(error.value());
    else
      too_early = !receive_into_lent();
  }
  if (too_early && begin(*this->node)) return;
  owner.resume(*this);
}

// False: there is nothing to receive, although the socket was readable.
template <class Contexts>
bool receive_awaiter<Contexts>::receive_into_lent() {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  buffer_pool& pool = owner.here().buffers;
  buffer_ = pool.take();
  // MSG_DONTWAIT: over io_uring Asio leaves its sockets blocking.
  status_ = sys::receive(this->socket_->socket.native_handle(), {buffer_, owner.buffers().bytes},
                         MSG_DONTWAIT);
  if (status_.count() > 0) [[likely]]
    return true;
  pool.give_back(buffer_);
  if (status_.error() == EAGAIN) return false;
  this->direction_.end = status_;
  return true;
}

template <class Contexts>
bool send_awaiter<Contexts>::begin(task_node& task) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  const auto begun = base::begin(task, [this] { send_rest(); });
  if (begun == base::beginning::pending) [[likely]]
    return true;
  if (begun == base::beginning::refused) {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  result_ = *this->direction_.end;
  owner.post(this->handle);  // in its turn
  return true;
}

template <class Contexts>
void send_awaiter<Contexts>::send_rest() {
  this->socket_->socket.async_send(
      boost::asio::buffer(unsent_.data(), unsent_.size()),
      [this](const error_code& error, std::size_t count) { complete(error, count); });
}

template <class Contexts>
void send_awaiter<Contexts>::complete(const error_code& error, std::size_t count) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  const bool over = this->end_pending();
  unsent_ = unsent_.subspan(count);
  if (unsent_.empty()) [[likely]] {
    result_ = io_result::of_count(size_);  // also where a cancel has come too late
  } else if (over) {
    result_ = io_result::of_error(ECANCELED);
  } else if (error) {
    result_ = io_result::of_error(error.value());
    this->end_direction(result_);
  } else if (begin(*this->node)) {
    return;
  }
  owner.resume(*this);
}

template <class Contexts>
bool accept_awaiter<Contexts>::begin(task_node& task) {
  const auto begun = base::begin(task, [this] {
    this->socket_->socket.async_accept([this](const error_code& error, tcp_socket accepted) {
      complete(error, std::move(accepted));
    });
  });
  return begun == base::beginning::pending;  // a listener's direction never ends by itself
}

template <class Contexts>
void accept_awaiter<Contexts>::complete(const error_code& error, tcp_socket accepted) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  if (!this->end_pending()) {
    if (error) {
      accepted_ = std::unexpected(error.value());
    } else {
      // A connection that the peer has reset already may refuse the option; its first receive
      // tells.
      error_code ignored;
      accepted.set_option(tcp::no_delay(true), ignored);
      accepted_ = stream_of<Contexts>(owner, std::move(accepted));
    }
  }
  owner.resume(*this);
}

template class receive_awaiter<per_core>;
template class receive_awaiter<shared>;
template class send_awaiter<per_core>;
template class send_awaiter<shared>;
template class accept_awaiter<per_core>;
template class accept_awaiter<shared>;

}  // namespace tailrace::asio
