// SPDX-License-Identifier: MIT
// What the awaiters of the work-stealing runtime's sockets share, inline: the path of every
// message. On a worker's thread.
#pragma once

#include <coroutine>
#include <cstdint>

#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {

// What receiving, sending and accepting share: when to try, when to sleep, when to give up. Call is
// the derived awaiter:
//   direction& side()             which side of the slot
//   call_outcome call(worker&)    the system call, its result stored unless it would block
//   void cancelled(worker&)       stores -ECANCELED in place of a result
enum class call_outcome : std::uint8_t { would_block, done, done_and_still_ready };

template <class Call>
class socket_awaiter : protected operation {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_node& node = self.promise().node();
    node.handle = self;
    return !begin(*worker::current(), node);
  }

 protected:
  explicit socket_awaiter(socket_slot& slot) noexcept : operation{&attempt_again}, slot_(slot) {}
  socket_slot& slot_;

 private:
  // True: complete. False: the task sleeps, or runs elsewhere by now.
  [[gnu::always_inline]] inline bool begin(worker& here, task_node& node) noexcept;
  [[gnu::always_inline]] inline bool attempt(worker& here, task_node& node) noexcept;
  static bool attempt_again(operation& self, worker& here, task_node& node) noexcept;
  bool block(worker& here, task_node& node) noexcept;
  bool take_turns(worker& here, task_node& node) noexcept;
  bool refuse(worker& here, task_node& node) noexcept;
  bool give_up(worker& here, task_node& node) noexcept;
  // The direction becomes somebody else's to find this operation in. As with many workers, like the
  // words of readiness: an echo has six fences and read-modify-writes, about 30 ns; telling one
  // worker from many would cost every echo instructions and every socket memory.
  bool announce_here(task_node& node) noexcept {
    Call& call = static_cast<Call&>(*this);
    call.side().op = this;
    return announce(node, &call.side(), sharing::any_thread);
  }
};

template <class Call>
inline bool socket_awaiter<Call>::begin(worker& here, task_node& node) noexcept {
  Call& call = static_cast<Call&>(*this);
  auto& state = call.side().state;
  if (node.owner->stop_requested()) [[unlikely]] {
    call.cancelled(here);
    return true;
  }
  attempt_start start = state.begin();
  if (start == attempt_start::must_wait) {
    if (announce_here(node)) [[unlikely]]
      return refuse(here, node);
    start = state.wait(node);
    if (start == attempt_start::must_wait) [[likely]]
      return false;
  }
  if (start == attempt_start::closed) [[unlikely]]
    return refuse(here, node);
  if (!here.within_budget()) [[unlikely]]
    return take_turns(here, node);
  return attempt(here, node);
}

// By the owner of the direction.
template <class Call>
inline bool socket_awaiter<Call>::attempt(worker& here, task_node& node) noexcept {
  Call& call = static_cast<Call&>(*this);
  const call_outcome outcome = call.call(here);
  if (outcome == call_outcome::would_block) [[unlikely]]
    return block(here, node);
  stop_waiting(node);
  if (!call.side().state.finish(outcome == call_outcome::done_and_still_ready)) [[unlikely]] {
    call.cancelled(here);
    here.owner().unref(slot_);
  }
  return true;
}

// The owner runs again, after an event, a cancel or a spent budget.
template <class Call>
bool socket_awaiter<Call>::attempt_again(operation& self, worker& here, task_node& node) noexcept {
  auto& waited = static_cast<Call&>(static_cast<socket_awaiter&>(self));
  if (node.owner->stop_requested() || waited.side().state.looks_closed()) [[unlikely]]
    return waited.give_up(here, node);
  return waited.attempt(here, node);
}

// The owner's call would block.
template <class Call>
bool socket_awaiter<Call>::block(worker& here, task_node& node) noexcept {
  Call& call = static_cast<Call&>(*this);
  if (announce_here(node)) return give_up(here, node);
  switch (call.side().state.block(node)) {
    case attempt_start::must_wait:
      return false;
    case attempt_start::closed:
      return give_up(here, node);
    case attempt_start::owned:
      break;
  }
  // An event came meanwhile. Rare, and never in a row for long: each needs another event.
  return attempt_again(*this, here, node);
}

// Its budget is spent: the task owns the direction while it queues.
template <class Call>
bool socket_awaiter<Call>::take_turns(worker& here, task_node& node) noexcept {
  static_cast<void>(announce_here(node));  // A stop is found when it runs.
  here.counters().forced_yields.add(1);
  here.requeue(node);
  return false;
}

// Stopped or closed before it began.
template <class Call>
bool socket_awaiter<Call>::refuse(worker& here, task_node& node) noexcept {
  stop_waiting(node);
  static_cast<Call&>(*this).cancelled(here);
  return true;
}

// Stopped or closed while it owns the direction.
template <class Call>
bool socket_awaiter<Call>::give_up(worker& here, task_node& node) noexcept {
  Call& call = static_cast<Call&>(*this);
  stop_waiting(node);
  call.cancelled(here);
  if (!call.side().state.finish(true)) here.owner().unref(slot_);
  return true;
}

}  // namespace tailrace::steal
