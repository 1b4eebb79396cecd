// SPDX-License-Identifier: MIT
// How the local executor waits: its epoll, its sockets and its blocking pool. Operations try the
// system call first and wait here only when it would block; an event tries them again and resumes
// their tasks at once.
//
// Reads of files that must wait for the device run on the runtime's blocking pool, whose threads
// return them through a list and the eventfd.
//
// Threads: the loop's; call_finished(): those of the pool. Events are counted a batch at a time, so
// that no operation pays for metrics(). Source: nginx's deferred recycling of connections against
// stale events.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/finished_calls.hpp"
#include "runtimes/base/pooled_read.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/local/socket_slot.hpp"
#include "runtimes/single/loop.hpp"
#include "runtimes/single/slot_pool.hpp"

namespace tailrace::local {

// How descriptors are registered with epoll: once, or armed again for each event (EPOLLONESHOT).
enum class registration : std::uint8_t { once, oneshot };

class poller : public single::loop {
 public:
  // Takes the descriptor; where it cannot be watched, closes it and says why (ENOMEM, ENOSPC).
  std::expected<socket_slot*, int> register_socket(int fd);
  void close_socket(socket_slot& slot) noexcept;
  // Where the slot is registered one-shot: it is armed for what waits in it. A system call.
  void arm(socket_slot& slot) noexcept;
  // What waits in the slot is attempted again in the next turn although no event will come.
  void retry_later(socket_slot& slot) noexcept {
    if (slots_.retry_later(slot)) counters_.forced_yields.add(1);
  }
  buffer_pool& buffers() noexcept { return buffers_; }
  blocking_pool& blocking() noexcept { return blocking_; }
  const blocking_pool& blocking() const noexcept { return blocking_; }
  // By a thread of the pool: the task of this call may run. The call may be gone on return.
  void call_finished(blocking_call& call) noexcept {
    if (finished_.push(call)) wake();
  }

 protected:
  poller(registration how, std::uint32_t blocking_threads, std::chrono::nanoseconds window);
  ~poller() { TAILRACE_CHECK_VALUES(timers_.empty(), timers_.size(), 0); }

  // By the thread of run(), before the first poll().
  void begin() noexcept { window_.slack = sys::timer_slack(); }
  // Takes events, after a wait where nothing else is to be done, and resumes what they complete.
  void poll();
  // Any thread.
  void wake() noexcept { sys::signal_eventfd(wake_.get()); }

  timer_heap timers_;

 private:
  void take_events();
  template <registration How>
  void dispatch_all(std::span<const epoll_event> events) noexcept;
  void dispatch(socket_slot& slot, std::uint32_t events) noexcept;
  void dispatch_oneshot(socket_slot& slot, std::uint32_t events) noexcept;
  void dispatch_unusual(socket_slot& slot, std::uint32_t events) noexcept;
  template <direction Way>
  void attempt(socket_slot& slot) noexcept;
  void run_retries() noexcept;
  void woken() noexcept;

  registration registration_;
  sys::descriptor epoll_;
  sys::descriptor wake_;  // eventfd: stops and finished calls, from other threads
  finished_calls finished_;
  blocking_pool blocking_;  // after what its threads use: they end before it goes
  timer_window window_;
  single::slot_pool<socket_slot> slots_;
  buffer_pool buffers_;
};

inline void socket_slot::close() noexcept {
  owner->close_socket(*this);
}

}  // namespace tailrace::local
