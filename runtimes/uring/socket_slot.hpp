// SPDX-License-Identifier: MIT
// What a completion's user data points to: one socket of the io_uring runtime, with the tasks that
// wait for it and the bytes that came before anybody asked. One thread.
//
// A slot is one cache line. It goes back to the pool only when it is closed and no request that
// names it is in flight, so that a completion never finds a stranger in its slot.
//
// `armed` is the request that stands in the kernel by itself, without an operation waiting: a
// multishot receive or a multishot poll.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtimes/task_node.hpp"

namespace tailrace::uring {

class poller;
class acceptor;

enum class armed_request : std::uint8_t { none, receive, poll };

struct alignas(64) socket_slot {
  static constexpr std::int32_t not_ended = 1;

  int fd = -1;                    // a descriptor, or an index into the ring's table of files
  task_node* receiver = nullptr;  // sleeps in a receive_awaiter
  task_node* sender = nullptr;    // in a send_awaiter, also when cancelled: for its last completion
  socket_slot* next = nullptr;    // of the pool's lists, or starved
  poller* owner = nullptr;
  std::int32_t end = not_ended;    // 0: end of stream; < 0: -errno; reported after the bytes
  std::uint16_t first_buffer = 0;  // received, not yet asked for: a list through the buffers
  std::uint16_t last_buffer = 0;
  std::uint16_t waiting_buffers = 0;
  armed_request armed = armed_request::none;
  std::uint8_t evidence = 0;  // receives in a row that speak against the present mode
  bool single : 1 = false;    // receives by calls (receive_mode::single)
  bool stopping : 1 = false;  // the armed request is being cancelled
  bool closing : 1 = false;   // closed by its owner; waits for its last completion
  bool readable : 1 = false;  // single: a call may find bytes
  bool hung_up : 1 = false;   // single: a short receive proves nothing any more
  bool listed : 1 = false;    // starved, or to be tried again

  bool ended() const noexcept { return end != not_ended; }
  // Requests that name the slot or its descriptor.
  bool in_flight() const noexcept { return armed != armed_request::none || sender != nullptr; }

  void close() noexcept;
};
static_assert(sizeof(socket_slot) == 64);

// A listening socket, which has no bytes but connections. Where another ring accepts for this one
// they come as messages, and there is no descriptor.
struct listener_slot {
  acceptor* owner = nullptr;
  int fd = -1;
  std::uint16_t port_number = 0;
  bool armed = false;            // the multishot accept
  bool closing = false;          // closed by its owner
  int refusal = 0;               // an errno that no accept has returned yet
  task_node* waiting = nullptr;  // sleeps in an accept_awaiter
  std::vector<int> accepted;     // not yet asked for, from `first` on
  std::size_t first = 0;

  void close() noexcept;
  std::uint16_t port() const noexcept { return port_number; }
};

}  // namespace tailrace::uring
