// SPDX-License-Identifier: MIT
// How connections come to a runtime: from a listening socket of its own, or, with accept=shared,
// from the ring that accepts for all (accept_group.hpp), as messages.
//
// Invariant: once its runtime has been drained, every message that was counted for it has come. A
// listener's slot stays until it is closed and its accept has had its final completion.
//
// One thread: the ring's. Cost: one completion a connection; another where it is handed over.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <vector>

#include "runtimes/base/check.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/uring/kernel_values.hpp"
#include "runtimes/uring/accept_group.hpp"
#include "runtimes/uring/options.hpp"
#include "runtimes/uring/socket_slot.hpp"

namespace tailrace::uring {

class acceptor {
 public:
  // With options::shared_accept it accepts as one of the group, or as a group of its own.
  acceptor(poller& owner, const options& chosen, accept_group* group);
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;
  ~acceptor() { TAILRACE_CHECK(!expects_messages()); }

  std::expected<listener_slot*, start_error> listen(const endpoint& where);
  // The kernel accepts from now on; each connection is a completion.
  void arm(listener_slot& slot) noexcept;
  void close(listener_slot& slot) noexcept;
  poller& owner() const noexcept { return owner_; }

  // Completions: of an accept; of a message that was sent; the message that came, with its
  // connection.
  void accepted(listener_slot& slot, const io_uring_cqe& done) noexcept;
  void handed_over(const io_uring_cqe& done) noexcept;
  void arrived(int fd) noexcept;
  // A connection was closed.
  void connection_ended() noexcept {
    if (place_ != nullptr) place_->ended.add(1);
  }

  // The runtime ends: no further message is counted for it.
  void leave_group() noexcept {
    if (place_ != nullptr) group_->leave(*place_);
  }
  bool expects_messages() const noexcept {
    return place_ != nullptr && group_->messages_to(*place_) != messages_;
  }

 private:
  listener_slot& add_listener(int fd, std::uint16_t port);
  void tell_waiting(listener_slot& slot) noexcept;
  bool hand_over(int fd) noexcept;
  void take_over(int fd) noexcept;

  poller& owner_;
  const bool direct_descriptors_;
  std::vector<std::unique_ptr<listener_slot>> listeners_;
  std::unique_ptr<accept_group> own_group_;   // where none was given
  accept_group* group_ = nullptr;             // null: accept=reuseport
  accept_group::place* place_ = nullptr;      // in group_, once it has listened there
  listener_slot* shared_listener_ = nullptr;  // that of the group, while it is open
  std::uint64_t messages_ = 0;                // connections that arrived
};

}  // namespace tailrace::uring
