// SPDX-License-Identifier: MIT
#include "runtimes/uring/stream.hpp"

#include <algorithm>
#include <cerrno>

namespace tailrace::uring {

const operation_kind receive_awaiter::receive_kind{.abandon = &receive_awaiter::abandon};

bool receive_awaiter::begin_unusual(task_node& receiver) noexcept {
  if (receiver.owner->stop_requested()) {
    status_ = io_result::of_error(ECANCELED);
    return false;
  }
  const bool queued = slot_.waiting_buffers != 0;
  if (queued || slot_.ended()) {
    if (queued) {
      const std::span<std::byte> bytes = slot_.owner->buffers().take_queued(slot_);
      fill(bytes.data(), bytes.size());
    } else {
      status_ = slot_.end == 0 ? io_result() : io_result::of_error(-slot_.end);
    }
    if (slot_.owner->within_budget()) return false;
    slot_.owner->make_ready(*this);
    return true;
  }
  if (slot_.readable) {
    if (!slot_.owner->within_budget())
      slot_.owner->retry_later(slot_);
    else if (attempt())
      return false;
  }
  slot_.receiver = this;
  runtime::sleep_in(*this, receiver);
  slot_.owner->arm(slot_);
  return true;
}

bool receive_awaiter::attempt() noexcept {
  buffer_pool& pool = slot_.owner->buffers().pool();
  std::byte* const buffer = pool.take();
  status_ = sys::receive(slot_.fd, {buffer, buffer_pool::buffer_bytes}, MSG_DONTWAIT);
  if (status_.count() != 0) [[likely]] {
    // A short receive proves that the socket was empty; of the peer's FIN it says nothing.
    slot_.readable = status_.count() == buffer_pool::buffer_bytes || slot_.hung_up;
    buffer_ = buffer;
    slot_.owner->judge_single(slot_, status_.count());
    return true;
  }
  pool.give_back(buffer);
  if (status_.error() == EAGAIN) {
    slot_.readable = false;
    return false;
  }
  slot_.end = -status_.error();
  return true;
}

bool receive_awaiter::abandon(operation& op) noexcept {
  auto& receive = static_cast<receive_awaiter&>(op);
  receive.slot_.receiver = nullptr;
  receive.status_ = io_result::of_error(ECANCELED);
  return true;  // The kernel has nothing of the task: bytes come into buffers of the runtime.
}

const operation_kind send_awaiter::send_kind{.abandon = &send_awaiter::abandon};

// True: the send is over. Else the rest goes through the ring.
bool send_awaiter::begin_directly() noexcept {
  if (unsent_.empty()) return true;
  if (!slot_.owner->sends_directly(slot_) || !slot_.owner->within_budget()) return false;
  const io_result sent = sys::send(slot_.fd, unsent_, MSG_DONTWAIT);
  if (sent.count() == unsent_.size()) return true;
  if (!sent.ok() && sent.error() != EAGAIN) {
    result_ = sent;
    return true;
  }
  unsent_ = unsent_.subspan(sent.count());
  return false;
}

bool send_awaiter::completed_unusually(int result) noexcept {
  if (!result_.ok()) return true;  // cancelled: whatever the kernel did before it noticed
  if (result < 0) {
    const int error = -result;
    if (error == ECANCELED) {
      result_ = io_result::of_error(ECANCELED);
      return true;
    }
    const io_result refused = sys::refused_transfer("io_uring send", slot_.fd, error);
    if (error != EINTR && error != EAGAIN) {
      result_ = refused;
      return true;
    }
  } else {
    unsent_ = unsent_.subspan(static_cast<std::size_t>(result));
  }
  queue();
  return false;
}

bool send_awaiter::abandon(operation& op) noexcept {
  auto& send = static_cast<send_awaiter&>(op);
  send.result_ = io_result::of_error(ECANCELED);
  send.slot_.owner->cancel_request(data_of(&op, tag::send));
  return false;
}

const operation_kind accept_awaiter::accept_kind{.abandon = &accept_awaiter::abandon};

bool accept_awaiter::take_waiting() noexcept {
  if (slot_.first != slot_.accepted.size()) {
    accepted_ = slot_.accepted[slot_.first++];
    if (slot_.first == slot_.accepted.size()) {
      slot_.accepted.clear();
      slot_.first = 0;
    }
    return true;
  }
  if (!slot_.ended()) return false;
  accepted_ = std::unexpected(-std::exchange(slot_.end, socket_slot::not_ended));
  return true;
}

bool accept_awaiter::begin(task_node& acceptor) noexcept {
  if (acceptor.owner->stop_requested()) [[unlikely]] {
    accepted_ = std::unexpected(ECANCELED);
    return false;
  }
  if (take_waiting()) {
    if (runtime_.within_budget()) return false;
    runtime_.make_ready(*this);
    return true;
  }
  slot_.receiver = this;
  runtime::sleep_in(*this, acceptor);
  runtime_.arm_accept(slot_);
  return true;
}

bool accept_awaiter::abandon(operation& op) noexcept {
  auto& accept = static_cast<accept_awaiter&>(op);
  accept.slot_.receiver = nullptr;
  accept.accepted_ = std::unexpected(ECANCELED);
  return true;
}

}  // namespace tailrace::uring
