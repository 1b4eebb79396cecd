// SPDX-License-Identifier: MIT
// What epoll's user data points to: one registered descriptor of the local executor, and the
// tasks that wait for it. One thread.
//
// Registered once, edge-triggered, for both directions. An edge sets a readiness flag; a call that
// finds nothing (EAGAIN), or a receive that came back short, clears it. A short receive proves that
// the socket was empty at that moment (epoll(7), Q9), so the usual second receive that only earns
// EAGAIN is saved. That proof says nothing about the peer's FIN: once an event carried a hang-up
// the flag stays set.
//
// Registered one-shot (an option, to know what re-arming costs): an event disarms the descriptor,
// and it is armed again, by a system call, for the directions in which an operation waits.
#pragma once

#include <cstdint>

#include "runtimes/base/sys.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::local {

class poller;

enum direction : std::uint8_t { receiving, sending };  // a listener has the receiving one only

struct socket_slot {
  int fd = -1;
  bool ready[2] = {};          // in that direction a call may succeed
  bool hung_up : 1 = false;    // an event said RDHUP, HUP or ERR: a short receive proves nothing
  bool listed : 1 = false;     // queued for another attempt without a new event
  bool listening : 1 = false;  // what waits to receive is an accept
  bool oneshot : 1 = false;    // registered one-shot ...
  bool armed : 1 = false;      // ... and armed since its last event
  task_node* waiting[2] = {};  // each sleeps in an operation on this descriptor
  poller* owner = nullptr;
  socket_slot* next = nullptr;  // of the pool's lists

  void close() noexcept;
  std::uint16_t port() const noexcept { return sys::local_port(fd); }
};

}  // namespace tailrace::local
