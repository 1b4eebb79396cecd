// SPDX-License-Identifier: MIT
// How connections come to a runtime: from a listening socket of its own, or, with accept=shared,
// from the ring that accepts for all (accept_group.hpp).
#include <cerrno>

#include "runtimes/base/sys.hpp"
#include "runtimes/uring/runtime.hpp"

namespace tailrace::uring {
namespace {

// What the acceptor must know again of a message that was refused: the place it was for, and the
// connection.
constexpr int place_bits = 16;
constexpr std::uint64_t place_mask = (std::uint64_t{1} << place_bits) - 1;

}  // namespace

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  enable();
  std::erase_if(listeners_, [](const auto& each) { return each->gone; });
  if (group_ != nullptr && shared_listener_ == nullptr) {
    if (auto* const given = group_->follow(place_, where, ring_.descriptor())) {
      place_ = given;
      shared_listener_ = &add_listener(-1);
      return listener(*this, *shared_listener_, where.port);
    }
  }
  // Blocking: where a descriptor says O_NONBLOCK, the ring answers -EAGAIN instead of waiting.
  auto socket = sys::listen_on(where, true);
  if (!socket) return std::unexpected(std::move(socket.error()));
  // Accepted connections inherit it, which saves them a call each.
  sys::set_no_delay(socket->get());
  const std::uint16_t port = sys::local_port(socket->get());
  listener_slot& slot = add_listener(socket->release());
  if (group_ != nullptr && shared_listener_ == nullptr) {
    if (auto* const given = group_->lead(place_, port, ring_.descriptor())) {
      place_ = given;
      shared_listener_ = &slot;
    }
  }
  return listener(*this, slot, port);
}

listener_slot& runtime::add_listener(int fd) {
  listener_slot& slot = *listeners_.emplace_back(std::make_unique<listener_slot>());
  slot.fd = fd;
  counters_.open_descriptors.add(1);
  return slot;
}

void runtime::arm_accept(listener_slot& slot) noexcept {
  const bool follows = slot.fd < 0;  // its connections come as messages
  if (follows || slot.armed != armed_request::none) return;
  slot.armed = armed_request::accept;
  io_uring_sqe& entry = ring_.entry();
  ++in_flight_;
  if (options_.direct_descriptors)
    ::io_uring_prep_multishot_accept_direct(&entry, slot.fd, nullptr, nullptr, 0);
  else
    ::io_uring_prep_multishot_accept(&entry, slot.fd, nullptr, nullptr, SOCK_CLOEXEC);
  entry.user_data = data_of(static_cast<socket_slot*>(&slot), tag::accept);
}

void runtime::accepted(listener_slot& slot, const io_uring_cqe& done) noexcept {
  const bool settled = ended_request(slot, done);
  const int error = done.res < 0 ? -done.res : 0;
  if (slot.closing) {
    if (error == 0) close_descriptor(done.res);
    if (settled) settle(slot);
    return;
  }
  if (error == 0) {
    if (&slot != shared_listener_ || !hand_over(done.res)) slot.accepted.push_back(done.res);
  } else if (sys::refuses_accept(error)) {
    slot.end = -error;
  } else if (error != ECANCELED && error != EAGAIN && !sys::died_in_queue(error)) {
    sys::die("io_uring accept", slot.fd, error);
  }
  tell_acceptor(slot);
}

void runtime::tell_acceptor(listener_slot& slot) noexcept {
  if (slot.receiver == nullptr || draining_) return;
  auto& acceptor = static_cast<accept_awaiter&>(*slot.receiver);
  if (!acceptor.take_waiting()) return arm_accept(slot);
  slot.receiver = nullptr;
  resume(acceptor);
}

// False: the connection is ours.
bool runtime::hand_over(int fd) noexcept {
  const accept_group::place& to = group_->choose(*place_);
  if (&to == place_) return false;
  counters_.handed_over.add(1);
  ++in_flight_;
  io_uring_sqe& entry = ring_.entry();
  ::io_uring_prep_msg_ring(&entry, to.ring, static_cast<unsigned>(fd), data_of(rare::message), 0);
  entry.user_data =
      data_of(rare::handed_over, static_cast<std::uint64_t>(fd) << place_bits | to.index);
  return true;
}

// The acceptor's half of a message.
void runtime::handed_over(const io_uring_cqe& done) noexcept {
  --in_flight_;
  if (done.res >= 0) return;
  const std::uint64_t message = number_of(done.user_data);
  group_->take_back(message & place_mask, *place_);
  take_over(static_cast<int>(message >> place_bits));
}

// The receiver's half of a message.
void runtime::arrived(int fd) noexcept {
  ++messages_;
  take_over(fd);
}

void runtime::take_over(int fd) noexcept {
  if (shared_listener_ == nullptr) return sys::close(fd);
  shared_listener_->accepted.push_back(fd);
  tell_acceptor(*shared_listener_);
}

bool runtime::expects_messages() const noexcept {
  return place_ != nullptr && group_->messages_to(*place_) != messages_;
}

void runtime::leave_group() noexcept {
  if (place_ != nullptr) group_->leave(*place_);
}

void runtime::close_listener(listener_slot& slot) noexcept {
  if (&slot == shared_listener_) {
    leave_group();
    shared_listener_ = nullptr;
  }
  for (; slot.first < slot.accepted.size(); ++slot.first)
    close_descriptor(slot.accepted[slot.first]);
  close_socket(slot);
}

void runtime::settle_listener(listener_slot& slot) noexcept {
  if (slot.fd >= 0) sys::close(std::exchange(slot.fd, -1));
  slot.gone = true;
}

}  // namespace tailrace::uring
