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
  std::byte* const buffer = owner.here().buffers.take();
  const auto begun = base::begin(task, [&] {
    this->socket_->socket.async_receive(boost::asio::buffer(buffer, buffer_pool::buffer_bytes),
                                        [this, buffer](const error_code& error, std::size_t count) {
                                          complete(buffer, error, count);
                                        });
  });
  if (begun == base::beginning::pending) [[likely]]
    return true;
  owner.here().buffers.give_back(buffer);
  if (begun == base::beginning::refused) {
    lease_ = lease(io_result::of_error(ECANCELED));
    return false;
  }
  lease_ = lease(*this->direction_.end);
  owner.post(this->handle);  // in its turn
  return true;
}

template <class Contexts>
void receive_awaiter<Contexts>::complete(std::byte* buffer, const error_code& error,
                                         std::size_t count) {
  basic_scheduler<Contexts>& owner = this->socket_->owner;
  const bool over = this->end_pending();
  if (!over && count > 0) [[likely]] {
    lease_ = Contexts::lend(owner.here(), buffer, io_result::of_count(count));
    return owner.resume(*this);
  }
  owner.here().buffers.give_back(buffer);
  io_result status = io_result::of_error(ECANCELED);
  if (!over) {
    const bool end = error == boost::asio::error::eof;
    status = end ? io_result() : io_result::of_error(error.value());
    this->end_direction(status);
  }
  lease_ = lease(status);
  owner.resume(*this);
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
