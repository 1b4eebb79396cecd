// SPDX-License-Identifier: MIT
// The path of every message of the work-stealing runtime, inline. See stream.hpp.
#pragma once

#include "runtimes/steal/stream.hpp"

namespace tailrace::steal {

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

inline call_outcome receive_awaiter::call(worker& here) noexcept {
  buffer_pool& pool = here.buffers();
  std::byte* const buffer = pool.take();
  status_ = sys::receive(slot_.fd, {buffer, buffer_pool::buffer_bytes});
  if (status_.count() != 0) [[likely]] {
    buffer_ = buffer;
    // A short receive proves that the socket was empty (epoll(7), Q9), but for the peer's FIN.
    // relaxed: published by the readiness word.
    const bool more = status_.count() == buffer_pool::buffer_bytes ||
                      slot_.hung_up.load(std::memory_order_relaxed);
    return more ? call_outcome::done_and_still_ready : call_outcome::done;
  }
  pool.give_back(buffer);
  return status_.error() == EAGAIN ? call_outcome::would_block : call_outcome::done_and_still_ready;
}

inline call_outcome send_awaiter::call(worker&) noexcept {
  for (;;) {
    const io_result sent = sys::send(slot_.fd, unsent_);
    if (sent.count() == unsent_.size()) [[likely]]
      return call_outcome::done_and_still_ready;
    if (sent.error() == EAGAIN) return call_outcome::would_block;
    if (!sent.ok()) {
      result_ = sent;
      return call_outcome::done_and_still_ready;
    }
    unsent_ = unsent_.subspan(sent.count());
  }
}

}  // namespace tailrace::steal
