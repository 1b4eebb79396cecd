// SPDX-License-Identifier: MIT
#include "runtimes/local/poller.hpp"

#include <sys/epoll.h>  // the bits of struct epoll_event; no call

#include <array>
#include <system_error>

#include "runtimes/local/file.hpp"
#include "runtimes/local/stream.hpp"

namespace tailrace::local {
namespace {

constexpr std::uint32_t registered_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::size_t batch_events = 256;

}  // namespace

poller::poller(registration how, std::uint32_t blocking_threads, std::chrono::nanoseconds window)
    : registration_(how),
      epoll_(sys::make_epoll()),
      wake_(sys::make_eventfd()),
      blocking_(blocking_threads),
      window_{.length = window} {
  const int refused = sys::epoll_add(epoll_.get(), wake_.get(), EPOLLIN, nullptr);
  if (refused != 0) throw std::system_error(refused, std::generic_category(), "epoll_ctl");
}

void poller::poll() {
  take_events();
  expire(timers_);
  run_retries();
  slots_.recycle_retired();
}

void poller::take_events() {
  std::array<epoll_event, batch_events> events;
  const bool busy = !ready_.empty() || slots_.has_retries();
  counters_.timers_armed.set(timers_.size());
  if (!busy) counters_.parks.add(1);
  const std::size_t count =
      busy ? sys::epoll_poll(epoll_.get(), events)
           : sys::epoll_wait_until(epoll_.get(), events, timers_.wake_time(window_));
  counters_.polls.add(count);
  const auto taken = std::span<const epoll_event>(events).first(count);
  if (registration_ == registration::once) [[likely]]
    dispatch_all<registration::once>(taken);
  else
    dispatch_all<registration::oneshot>(taken);
}

template <registration How>
[[gnu::always_inline]] inline void poller::dispatch_all(
    std::span<const epoll_event> events) noexcept {
  for (const epoll_event& each : events) {
    if (each.data.ptr != nullptr) [[likely]] {
      auto& slot = *static_cast<socket_slot*>(each.data.ptr);
      if constexpr (How == registration::once)
        dispatch(slot, each.events);
      else
        dispatch_oneshot(slot, each.events);
      continue;
    }
    woken();
  }
}

template <direction Way>
[[gnu::always_inline]] inline void poller::attempt(socket_slot& slot) noexcept {
  task_node& task = *slot.waiting[Way];
  bool complete = false;
  if constexpr (Way == sending)
    complete = single::operation_of<send_awaiter>(task).attempt();
  else if (slot.listening) [[unlikely]]
    complete = single::operation_of<accept_awaiter>(task).attempt();
  else
    complete = single::operation_of<receive_awaiter>(task).attempt();
  if (!complete) return;
  slot.waiting[Way] = nullptr;
  resume(task);
}

inline void poller::dispatch(socket_slot& slot, std::uint32_t events) noexcept {
  // Nothing waits in a slot that was closed earlier in this batch.
  // Bytes to read on a connection that has room to write: the usual event.
  if (events != (EPOLLIN | EPOLLOUT)) [[unlikely]]
    return dispatch_unusual(slot, events);
  slot.ready[receiving] = true;
  slot.ready[sending] = true;
  if (slot.waiting[receiving] != nullptr) attempt<receiving>(slot);
  if (slot.waiting[sending] != nullptr) [[unlikely]]
    attempt<sending>(slot);
}

void poller::dispatch_unusual(socket_slot& slot, std::uint32_t events) noexcept {
  constexpr std::uint32_t hang_up = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & hang_up) != 0) slot.hung_up = true;
  if ((events & (EPOLLIN | hang_up)) != 0) {
    slot.ready[receiving] = true;
    if (slot.waiting[receiving] != nullptr) attempt<receiving>(slot);
  }
  if ((events & (EPOLLOUT | hang_up)) != 0) {
    slot.ready[sending] = true;
    if (slot.waiting[sending] != nullptr) attempt<sending>(slot);
  }
}

// Armed again for whichever direction still has a waiter, also after a spurious wake-up.
void poller::dispatch_oneshot(socket_slot& slot, std::uint32_t events) noexcept {
  slot.armed = false;
  dispatch_unusual(slot, events);
  if (slot.fd >= 0 && !slot.armed) arm(slot);
}

void poller::arm(socket_slot& slot) noexcept {
  if (!slot.oneshot) return;
  std::uint32_t events = 0;
  if (slot.waiting[receiving] != nullptr) events |= EPOLLIN | EPOLLRDHUP;
  if (slot.waiting[sending] != nullptr) events |= EPOLLOUT;
  if (events == 0) return;
  sys::epoll_change(epoll_.get(), slot.fd, events | EPOLLONESHOT, &slot);
  slot.armed = true;
}

void poller::run_retries() noexcept {
  slots_.run_retries([this](socket_slot& slot) {
    counters_.polls.add(1);
    if (slot.waiting[receiving] != nullptr) attempt<receiving>(slot);
    if (slot.waiting[sending] != nullptr && slot.ready[sending]) attempt<sending>(slot);
  });
}

// By request_stop(), or by calls that have ended.
void poller::woken() noexcept {
  sys::drain_eventfd(wake_.get());
  pass_stop_on();
  for (blocking_call* next = finished_.take_all(); next != nullptr;) {
    counters_.polls.add(1);
    resume(*static_cast<read_awaiter&>(*std::exchange(next, next->next)).node);
  }
}

std::expected<socket_slot*, int> poller::register_socket(int fd) {
  socket_slot& slot = slots_.take(fd);
  slot.owner = this;
  const bool oneshot = registration_ == registration::oneshot;
  const std::uint32_t events = oneshot ? std::uint32_t{EPOLLONESHOT} : registered_events;
  const int refused = sys::epoll_add(epoll_.get(), fd, events, &slot);
  if (refused != 0) {
    slots_.give_back(slot);
    sys::close(fd);
    return std::unexpected(refused);
  }
  slot.oneshot = oneshot;
  slot.ready[sending] = true;  // A fresh connection has room; its first edge would say no more.
  counters_.open_descriptors.add(1);
  return &slot;
}

void poller::close_socket(socket_slot& slot) noexcept {
  for (task_node* const waiting : slot.waiting)
    if (waiting != nullptr) cancel(*waiting);
  sys::close(std::exchange(slot.fd, -1));
  counters_.open_descriptors.subtract(1);
  slots_.retire(slot);
}

}  // namespace tailrace::local
