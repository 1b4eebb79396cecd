// SPDX-License-Identifier: MIT
// An epoll and the eventfd that wakes one of its waiters. Any thread. The eventfd is edge-triggered
// and never read: each write is an edge, an edge wakes one waiter (epoll adds waiters exclusively).
#pragma once

#include <sys/epoll.h>  // the bits of struct epoll_event; no call

#include <chrono>
#include <cstdint>
#include <span>
#include <system_error>

#include "runtimes/base/sys.hpp"

namespace tailrace::steal {

class reactor {
 public:
  // Throws std::system_error where the kernel refuses.
  reactor() : epoll_(sys::make_epoll()), wake_(sys::make_eventfd()) {
    const int refused = add(wake_.get(), EPOLLIN | EPOLLET, nullptr);
    if (refused != 0) throw std::system_error(refused, std::generic_category(), "epoll_ctl");
  }

  [[nodiscard]] int add(int fd, std::uint32_t events, void* data) noexcept {
    return sys::epoll_add(epoll_.get(), fd, events, data);
  }

  // An event without data (data.ptr null) at one waiter. A system call.
  void wake() noexcept { sys::signal_eventfd(wake_.get()); }

  std::size_t wait(std::span<epoll_event> events,
                   std::chrono::steady_clock::time_point until) noexcept {
    return sys::epoll_wait_until(epoll_.get(), events, until);
  }
  std::size_t poll(std::span<epoll_event> events) noexcept {
    return sys::epoll_poll(epoll_.get(), events);
  }

 private:
  sys::descriptor epoll_;
  sys::descriptor wake_;
};

}  // namespace tailrace::steal
