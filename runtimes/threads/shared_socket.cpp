// SPDX-License-Identifier: MIT
#include "runtimes/threads/shared_socket.hpp"

#include <cerrno>

#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::threads {

shared_socket::shared_socket(task_registry& registry, int fd) noexcept
    : fd_(fd), registry_(registry) {
  for (const direction way : {direction::receiving, direction::sending}) {
    registration& place = places_[static_cast<unsigned>(way)];
    place.socket = this;
    place.way = way;
  }
}

int shared_socket::begin(direction way, task_node& node) {
  blocking_task& task = blocking_task_of(node);
  if (task.refusal != 0) [[unlikely]]
    return task.refusal;
  registration& place = places_[static_cast<unsigned>(way)];
  // relaxed: see registration::task.
  if (place.task.load(std::memory_order_relaxed) != &task) [[unlikely]]
    registry_.enlist(place, task, node);
  // acq_rel: see state_.
  const std::uint32_t before = state_.fetch_or(busy(way), std::memory_order_acq_rel);
  TAILRACE_CHECK_VALUES((before & busy(way)) == 0, before, fd_);  // one task at a time
  if ((before & (cancelled(way) | closed)) == 0) [[likely]]
    return 0;
  static_cast<void>(end(way));
  return ECANCELED;
}

bool shared_socket::end(direction way) noexcept {
  // acq_rel: see state_.
  const std::uint32_t before = state_.fetch_and(~busy(way), std::memory_order_acq_rel);
  if ((before & closed) != 0) [[unlikely]] {
    if ((before & (any_busy | closing)) == busy(way)) finish_close();
    return true;
  }
  return (before & cancelled(way)) != 0;
}

void shared_socket::cancel(direction way) noexcept {
  // acq_rel: see state_. The descriptor is open: finish_close() delists us first, and our caller
  // holds the mutex that this takes.
  const std::uint32_t before = state_.fetch_or(cancelled(way), std::memory_order_acq_rel);
  if ((before & busy(way)) != 0) sys::shutdown_both(fd_);
}

void shared_socket::forget_cancel(direction way) noexcept {
  state_.fetch_and(~cancelled(way), std::memory_order_acq_rel);  // acq_rel: see state_
}

void shared_socket::close() noexcept {
  if ((state_.load(std::memory_order_acquire) & closed) != 0) return;  // acquire: see state_
  // acq_rel: see state_.
  std::uint32_t before = state_.fetch_or(closed | closing, std::memory_order_acq_rel);
  if ((before & any_busy) != 0) sys::shutdown_both(fd_);
  before = state_.fetch_and(~closing, std::memory_order_acq_rel);  // acq_rel: see state_
  if ((before & any_busy) == 0) finish_close();
}

void shared_socket::finish_close() noexcept {
  // A begin() that the close refuses comes and goes too, and may think that it is the last.
  // acq_rel: see state_.
  if ((state_.fetch_or(finishing, std::memory_order_acq_rel) & finishing) != 0) return;
  leave_lists();
  sys::close(fd_);
  // acq_rel: see state_.
  if ((state_.fetch_or(finished, std::memory_order_acq_rel) & abandoned) != 0) destroy();
}

void shared_socket::abandon() noexcept {
  // acq_rel: see state_.
  if ((state_.fetch_or(abandoned, std::memory_order_acq_rel) & finished) != 0) destroy();
}

void shared_socket::leave_lists() noexcept {
  for (registration& place : places_)
    registry_.delist(place);
}

void shared_socket::destroy() noexcept {
  leave_lists();  // A refused begin() may have enlisted after the close.
  delete this;
}

}  // namespace tailrace::threads
