// SPDX-License-Identifier: MIT
#include "runtimes/skeleton/runtime.hpp"

#include <sys/epoll.h>  // the bits of struct epoll_event; no call

#include <array>
#include <memory>
#include <system_error>

namespace tailrace::skeleton {

poller::poller() : epoll_(sys::make_epoll()), wake_(sys::make_eventfd()) {
  const int refused = sys::epoll_add(epoll_.get(), wake_.get(), EPOLLIN, nullptr);
  if (refused != 0) throw std::system_error(refused, std::generic_category(), "epoll_ctl");
}

void poller::poll() {
  std::array<epoll_event, 256> events;
  counters_.timers_armed.set(timers_.size());
  if (ready_.empty()) counters_.parks.add(1);
  const std::size_t count =
      ready_.empty() ? sys::epoll_wait_until(epoll_.get(), events, timers_.next_deadline())
                     : sys::epoll_poll(epoll_.get(), events);
  for (const epoll_event& each : std::span(events).first(count)) {
    if (each.data.ptr == nullptr) {
      sys::drain_eventfd(wake_.get());
      pass_stop_on();
      continue;
    }
    auto& from = *static_cast<socket*>(each.data.ptr);
    for (socket::call& call : from.waiting) {
      if (call.operation == nullptr || !call.attempt(*call.operation)) continue;
      unblock(*std::exchange(call, {}).operation->node);
    }
    arm(from);
  }
  expire(timers_);
}

std::expected<socket*, int> poller::register_socket(int fd) {
  auto made = std::make_unique<socket>(this, fd);
  const int refused = sys::epoll_add(epoll_.get(), fd, EPOLLONESHOT, made.get());
  if (refused != 0) {
    sys::close(fd);
    return std::unexpected(refused);
  }
  counters_.open_descriptors.add(1);
  return made.release();
}

void poller::close_socket(socket& closed) noexcept {
  for (const socket::call& call : closed.waiting)
    if (call.operation != nullptr) cancel(*call.operation->node);
  sys::close(closed.fd);
  counters_.open_descriptors.subtract(1);
  delete &closed;
}

void poller::arm(socket& armed) noexcept {
  std::uint32_t events = 0;
  if (armed.waiting[receiving].operation != nullptr) events |= EPOLLIN | EPOLLRDHUP;
  if (armed.waiting[sending].operation != nullptr) events |= EPOLLOUT;
  if (events != 0) sys::epoll_change(epoll_.get(), armed.fd, events | EPOLLONESHOT, &armed);
}

void socket::close() noexcept {
  owner->close_socket(*this);
}

void runtime::run(task<void> main) {
  scope<runtime> main_scope(*this);
  main_ = &main_scope;
  main_scope.spawn(std::move(main));
  for (run_ready(); main_scope.live() != 0; run_ready())
    poll();
  main_ = nullptr;
  main_scope.rethrow_first_failure();
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  auto made = sys::listen_on(where, false);
  if (!made) return std::unexpected(std::move(made.error()));
  const auto watched = register_socket(made->release());
  if (!watched) return sys::refused_watch(watched.error());
  return listener(**watched);
}

}  // namespace tailrace::skeleton
