// SPDX-License-Identifier: MIT
#include "runtimes/uring/stream.hpp"

#include "runtimes/base/sys.hpp"

namespace tailrace::uring {

bool receive_awaiter::begin_unusual(task_node& receiver) {
  if (slot_.waiting_buffers != 0) {
    const std::span<std::byte> bytes = slot_.owner->buffers().take_queued(slot_);
    fill(bytes.data(), bytes.size());
    return slot_.owner->takes_turns(receiver);
  }
  if (slot_.ended()) {
    end();
    return slot_.owner->takes_turns(receiver);
  }
  if (slot_.readable) {
    if (!slot_.owner->within_budget())
      slot_.owner->retry_later(slot_);
    else if (attempt())
      return false;
  }
  return wait(receiver);
}

bool receive_awaiter::attempt() {
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

bool accept_awaiter::take_waiting() noexcept {
  if (slot_.first != slot_.accepted.size()) {
    accepted_ = slot_.accepted[slot_.first++];
    if (slot_.first == slot_.accepted.size()) {
      slot_.accepted.clear();
      slot_.first = 0;
    }
    return true;
  }
  if (slot_.refusal == 0) return false;
  accepted_ = std::unexpected(std::exchange(slot_.refusal, 0));
  return true;
}

}  // namespace tailrace::uring
