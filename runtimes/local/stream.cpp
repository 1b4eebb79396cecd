// SPDX-License-Identifier: MIT
#include "runtimes/local/stream.hpp"

namespace tailrace::local {

const operation_kind receive_awaiter::receive_kind{.abandon = &receive_awaiter::abandon,
                                                   .attempt = &receive_awaiter::attempt_again};

void receive_awaiter::abandon(operation& op) noexcept {
  auto& receive = static_cast<receive_awaiter&>(op);
  receive.socket_.slot().receiver = nullptr;
  receive.status_ = io_result::of_error(ECANCELED);
}

const operation_kind send_awaiter::send_kind{.abandon = &send_awaiter::abandon,
                                             .attempt = &send_awaiter::attempt_again};

void send_awaiter::abandon(operation& op) noexcept {
  auto& send = static_cast<send_awaiter&>(op);
  send.socket_.slot().sender = nullptr;
  send.result_ = io_result::of_error(ECANCELED);
}

const operation_kind accept_awaiter::accept_kind{.abandon = &accept_awaiter::abandon,
                                                 .attempt = &accept_awaiter::attempt_again};

bool accept_awaiter::begin(task_node& acceptor) noexcept {
  if (acceptor.owner->stop_requested()) [[unlikely]] {
    accepted_ = std::unexpected(ECANCELED);
    return false;
  }
  runtime& owner = socket_.owner();
  if (socket_.slot().readable) {
    if (!owner.within_budget())
      owner.retry_later(socket_.slot());
    else if (attempt())
      return false;
  }
  owner.wait_to_receive(socket_.slot(), *this, acceptor);
  owner.arm(socket_.slot());
  return true;
}

bool accept_awaiter::attempt() noexcept {
  accepted_ = sys::accept_stream(socket_.slot().fd, false);
  if (accepted_ || accepted_.error() != EAGAIN) return true;
  socket_.slot().readable = false;
  return false;
}

void accept_awaiter::abandon(operation& op) noexcept {
  auto& accept = static_cast<accept_awaiter&>(op);
  accept.socket_.slot().receiver = nullptr;
  accept.accepted_ = std::unexpected(ECANCELED);
}

}  // namespace tailrace::local
