// SPDX-License-Identifier: MIT
// What epoll's user data points to: one registered descriptor of the local executor, and the
// operations that wait for it. One thread.
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

#include <coroutine>
#include <cstdint>
#include <vector>

#include "runtimes/base/ready_queue.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::local {

struct operation;

// How an operation of one kind is ended early; a table per kind keeps the operation small.
struct operation_kind {
  // Takes the operation out of where it waits; its result becomes -ECANCELED.
  void (*abandon)(operation&) noexcept;
  // Tries the system call; false: not ready, keep waiting. Null for what does not wait on a
  // descriptor.
  bool (*attempt)(operation&) noexcept;
};

// Something a task sleeps in. Lives in the awaiter, hence in the task's frame.
struct operation : runnable {
  const operation_kind* kind;
  task_node* node;  // set when it begins to wait

  explicit operation(const operation_kind& its_kind) noexcept : kind(&its_kind) {}
};

struct socket_slot {
  int fd = -1;
  bool readable : 1 = false;
  bool writable : 1 = false;
  bool hung_up : 1 = false;       // an event said RDHUP, HUP or ERR: a short receive proves nothing
  bool retry : 1 = false;         // queued for another attempt without a new event
  bool oneshot : 1 = false;       // registered one-shot ...
  bool armed : 1 = false;         // ... and armed since its last event
  operation* receiver = nullptr;  // also the acceptor, on a listener
  operation* sender = nullptr;
  socket_slot* next = nullptr;  // free list, closed list or retry list
};

// Slots at stable addresses, in chunks; recycled last in, first out.
class slot_pool {
 public:
  slot_pool() = default;
  slot_pool(const slot_pool&) = delete;
  slot_pool& operator=(const slot_pool&) = delete;
  ~slot_pool() {
    for (socket_slot* chunk : chunks_)
      delete[] chunk;
  }

  socket_slot& take(int fd) {
    if (free_ == nullptr) grow();
    socket_slot& slot = *free_;
    free_ = slot.next;
    slot = socket_slot{};
    slot.fd = fd;
    return slot;
  }

  void give_back(socket_slot& slot) noexcept {
    slot.next = free_;
    free_ = &slot;
  }

 private:
  static constexpr std::size_t chunk_slots = 128;

  void grow() {
    chunks_.push_back(new socket_slot[chunk_slots]);
    for (std::size_t i = chunk_slots; i-- > 0;)
      give_back(chunks_.back()[i]);
  }

  std::vector<socket_slot*> chunks_;
  socket_slot* free_ = nullptr;
};

}  // namespace tailrace::local
