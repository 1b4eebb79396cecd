// SPDX-License-Identifier: MIT
#include "asio/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <cerrno>

#include "base/check.hpp"
#include "base/sys.hpp"

namespace tailrace::asio {

using boost::system::error_code;

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  tcp_acceptor acceptor(context_);
  error_code refused;
  acceptor.assign(tcp::v4(), socket->get(), refused);
  if (refused)
    return std::unexpected(
        start_error{refused.value(), "Asio refuses the listening socket: " + refused.message()});
  static_cast<void>(socket->release());  // Asio's from now on
  const std::uint16_t port = sys::local_port(acceptor.native_handle());
  return listener(*this, std::move(acceptor), port);
}

bool receive_awaiter::begin(task_node& task) {
  if (task.owner->stop_requested() || from_.closed()) [[unlikely]] {
    lease_ = buffer_lease(io_result::of_error(ECANCELED));
    return false;
  }
  TAILRACE_CHECK(from_.receiver() == nullptr);  // one task at a time receives
  runtime& owner = from_.owner();
  if (from_.ended()) [[unlikely]] {
    owner.post(handle);
    return true;
  }
  std::byte* const buffer = owner.buffers().take();
  from_.socket().async_receive(boost::asio::buffer(buffer, buffer_pool::buffer_bytes),
                               [this, &owner, buffer](const error_code& error, std::size_t count) {
                                 complete(owner, buffer, error, count);
                               });
  from_.receiver() = this;
  runtime::suspend(*this, task);
  return true;
}

void receive_awaiter::complete(runtime& owner, std::byte* buffer, const error_code& error,
                               std::size_t count) {
  if (!cancelled) [[likely]] {
    from_.receiver() = nullptr;
    if (count > 0) [[likely]] {
      lease_ = buffer_lease(owner.buffers(), buffer, io_result::of_count(count));
      return owner.resume(*this);
    }
  }
  owner.buffers().give_back(buffer);
  const bool end = error == boost::asio::error::eof;
  if (end && !cancelled) from_.set_ended();
  lease_ = buffer_lease(cancelled ? io_result::of_error(ECANCELED)
                        : end     ? io_result()
                                  : io_result::of_error(error.value()));
  owner.resume(*this);
}

void receive_awaiter::cancel_receive(operation& op) noexcept {
  auto& receive = static_cast<receive_awaiter&>(op);
  receive.from_.receiver() = nullptr;
  receive.from_.cancel_pending();
}

bool send_awaiter::begin(task_node& task) {
  if (task.owner->stop_requested() || to_.closed()) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  TAILRACE_CHECK(to_.sender() == nullptr);  // one task at a time sends
  send_rest(to_.owner());
  to_.sender() = this;
  runtime::suspend(*this, task);
  return true;
}

void send_awaiter::send_rest(runtime& owner) {
  to_.socket().async_send(boost::asio::buffer(unsent_.data(), unsent_.size()),
                          [this, &owner](const error_code& error, std::size_t count) {
                            complete(owner, error, count);
                          });
}

void send_awaiter::complete(runtime& owner, const error_code& error, std::size_t count) {
  if (cancelled) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return owner.resume(*this);
  }
  unsent_ = unsent_.subspan(count);
  if (!error && !unsent_.empty()) return send_rest(owner);
  to_.sender() = nullptr;
  result_ = error ? io_result::of_error(error.value()) : io_result::of_count(size_);
  owner.resume(*this);
}

void send_awaiter::cancel_send(operation& op) noexcept {
  auto& send = static_cast<send_awaiter&>(op);
  send.to_.sender() = nullptr;
  send.to_.cancel_pending();
}

bool accept_awaiter::begin(task_node& task) {
  if (task.owner->stop_requested() || on_.closed()) [[unlikely]]
    return false;
  TAILRACE_CHECK(on_.receiver() == nullptr);  // one task at a time accepts
  runtime& owner = on_.owner();
  on_.socket().async_accept([this, &owner](const error_code& error, tcp_socket accepted) {
    complete(owner, error, std::move(accepted));
  });
  on_.receiver() = this;
  runtime::suspend(*this, task);
  return true;
}

void accept_awaiter::complete(runtime& owner, const error_code& error, tcp_socket accepted) {
  if (!cancelled) {
    on_.receiver() = nullptr;
    if (error) {
      accepted_ = std::unexpected(error.value());
    } else {
      // A connection that the peer has reset already may refuse the option; its first receive
      // tells.
      error_code ignored;
      accepted.set_option(tcp::no_delay(true), ignored);
      accepted_ = stream(owner, std::move(accepted));
    }
  }
  owner.resume(*this);
}

void accept_awaiter::cancel_accept(operation& op) noexcept {
  auto& accept = static_cast<accept_awaiter&>(op);
  accept.on_.receiver() = nullptr;
  accept.on_.cancel_pending();
}

}  // namespace tailrace::asio
