// SPDX-License-Identifier: MIT
#include "runtimes/uring/acceptor.hpp"

#include <cerrno>
#include <utility>

#include "runtimes/base/sys.hpp"
#include "runtimes/uring/poller.hpp"
#include "runtimes/uring/stream.hpp"

namespace tailrace::uring {
namespace {

// What the acceptor must know again of a message that was refused: the place it was for, and the
// connection.
constexpr int place_bits = 16;
constexpr std::uint64_t place_mask = (std::uint64_t{1} << place_bits) - 1;

}  // namespace

void listener_slot::close() noexcept {
  owner->close(*this);
}

acceptor::acceptor(poller& owner, const options& chosen, accept_group* group)
    : owner_(owner), direct_descriptors_(chosen.direct_descriptors) {
  if (!chosen.shared_accept) return;
  if (group == nullptr) own_group_ = std::make_unique<accept_group>(1);
  group_ = group != nullptr ? group : own_group_.get();
}

std::expected<listener_slot*, start_error> acceptor::listen(const endpoint& where) {
  std::erase_if(listeners_, [](const auto& each) { return each->closing && !each->armed; });
  const int ring = owner_.requests().ring_descriptor();
  if (group_ != nullptr && shared_listener_ == nullptr) {
    if (auto* const given = group_->follow(place_, where, ring)) {
      place_ = given;
      return shared_listener_ = &add_listener(-1, where.port);
    }
  }
  // Blocking: where a descriptor says O_NONBLOCK, the ring answers -EAGAIN instead of waiting.
  auto socket = sys::listen_on(where, true);
  if (!socket) return std::unexpected(std::move(socket.error()));
  // Accepted connections inherit it, which saves them a call each.
  sys::set_no_delay(socket->get());
  const std::uint16_t port = sys::local_port(socket->get());
  listener_slot& slot = add_listener(socket->release(), port);
  if (group_ != nullptr && shared_listener_ == nullptr) {
    if (auto* const given = group_->lead(place_, port, ring)) {
      place_ = given;
      shared_listener_ = &slot;
    }
  }
  return &slot;
}

listener_slot& acceptor::add_listener(int fd, std::uint16_t port) {
  listener_slot& slot = *listeners_.emplace_back(std::make_unique<listener_slot>());
  slot.owner = this;
  slot.fd = fd;
  slot.port_number = port;
  owner_.descriptor_opened();
  return slot;
}

void acceptor::arm(listener_slot& slot) noexcept {
  const bool follows = slot.fd < 0;  // its connections come as messages
  if (follows || slot.armed) return;
  slot.armed = true;
  io_uring_sqe& entry = owner_.requests().entry();
  if (direct_descriptors_)
    ::io_uring_prep_multishot_accept_direct(&entry, slot.fd, nullptr, nullptr, 0);
  else
    ::io_uring_prep_multishot_accept(&entry, slot.fd, nullptr, nullptr, SOCK_CLOEXEC);
  entry.user_data = data_of(&slot, tag::accept);
}

void acceptor::accepted(listener_slot& slot, const io_uring_cqe& done) noexcept {
  if (owner_.requests().ended(done)) slot.armed = false;
  const int error = done.res < 0 ? -done.res : 0;
  if (slot.closing) {
    if (error == 0) owner_.close_descriptor(done.res);
    if (!slot.armed) sys::close(std::exchange(slot.fd, -1));
    return;
  }
  if (error == 0) {
    if (&slot != shared_listener_ || !hand_over(done.res)) slot.accepted.push_back(done.res);
  } else if (sys::refuses_accept(error)) {
    slot.refusal = error;
  } else if (error != ECANCELED && error != EAGAIN && !sys::died_in_queue(error)) {
    sys::die("io_uring accept", slot.fd, error);
  }
  tell_waiting(slot);
}

void acceptor::tell_waiting(listener_slot& slot) noexcept {
  if (slot.waiting == nullptr || owner_.draining()) return;
  if (!single::operation_of<accept_awaiter>(*slot.waiting).take_waiting()) return arm(slot);
  owner_.resume(*std::exchange(slot.waiting, nullptr));
}

// False: the connection is ours.
bool acceptor::hand_over(int fd) noexcept {
  const accept_group::place& to = group_->choose(*place_);
  if (&to == place_) return false;
  owner_.connection_handed_over();
  io_uring_sqe& entry = owner_.requests().entry();
  ::io_uring_prep_msg_ring(&entry, to.ring, static_cast<unsigned>(fd), data_of(rare::message), 0);
  entry.user_data =
      data_of(rare::handed_over, static_cast<std::uint64_t>(fd) << place_bits | to.index);
  return true;
}

void acceptor::handed_over(const io_uring_cqe& done) noexcept {
  owner_.requests().ended(done);
  if (done.res >= 0) return;
  const std::uint64_t message = number_of(done.user_data);
  group_->take_back(message & place_mask, *place_);
  take_over(static_cast<int>(message >> place_bits));
}

void acceptor::arrived(int fd) noexcept {
  ++messages_;
  take_over(fd);
}

void acceptor::take_over(int fd) noexcept {
  if (shared_listener_ == nullptr) return sys::close(fd);
  shared_listener_->accepted.push_back(fd);
  tell_waiting(*shared_listener_);
}

void acceptor::close(listener_slot& slot) noexcept {
  if (&slot == shared_listener_) {
    leave_group();
    shared_listener_ = nullptr;
  }
  slot.closing = true;
  if (slot.waiting != nullptr) owner_.cancel(*slot.waiting);
  for (; slot.first < slot.accepted.size(); ++slot.first)
    owner_.close_descriptor(slot.accepted[slot.first]);
  owner_.descriptor_closed();
  // An accept that stands in the kernel lets go of the descriptor with its last completion.
  if (slot.armed)
    owner_.requests().cancel(data_of(&slot, tag::accept));
  else if (slot.fd >= 0)
    sys::close(std::exchange(slot.fd, -1));
}

}  // namespace tailrace::uring
