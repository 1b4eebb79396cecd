// SPDX-License-Identifier: MIT
// Connected streams and listeners of the work-stealing runtime. A stream belongs to the tasks that
// use it: one receives and one sends at a time, on whatever threads; close() ends both, also while
// they begin.
#pragma once

#include <cerrno>
#include <cstddef>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/steal/lease.hpp"
#include "runtimes/steal/scheduler.hpp"
#include "runtimes/steal/socket_awaiter.hpp"

namespace tailrace::steal {

// Owns a slot of the runtime: the handle of streams and listeners.
class registered_socket {
 public:
  registered_socket(scheduler& owner, socket_slot& slot) noexcept
      : scheduler_(&owner), slot_(&slot) {}
  registered_socket(registered_socket&& other) noexcept
      : scheduler_(other.scheduler_), slot_(std::exchange(other.slot_, nullptr)) {}
  registered_socket& operator=(registered_socket&& other) noexcept {
    std::swap(scheduler_, other.scheduler_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~registered_socket() {
    if (slot_ == nullptr) return;
    close();
    scheduler_->release_socket(*slot_);
  }

  // Operations that are pending, and those that other tasks begin meanwhile, end with -ECANCELED.
  void close() noexcept {
    if (slot_ != nullptr) scheduler_->close_socket(*slot_);
  }

 protected:
  socket_slot& socket() const noexcept {
    TAILRACE_DCHECK(slot_ != nullptr);
    return *slot_;
  }

 private:
  scheduler* scheduler_;
  socket_slot* slot_;  // null once moved from
};

class receive_awaiter final : public socket_awaiter<receive_awaiter> {
 public:
  explicit receive_awaiter(socket_slot& slot) noexcept : socket_awaiter(slot) {}
  buffer_lease await_resume() noexcept { return {buffer_, status_}; }

 private:
  friend class socket_awaiter<receive_awaiter>;
  direction& side() noexcept { return slot_.receive; }
  call_outcome call(worker& here) noexcept;
  void cancelled(worker& here) noexcept;

  std::byte* buffer_ = nullptr;  // lent by the worker that received
  io_result status_;
};

class send_awaiter final : public socket_awaiter<send_awaiter> {
 public:
  send_awaiter(socket_slot& slot, std::span<const std::byte> bytes) noexcept
      : socket_awaiter(slot), unsent_(bytes), result_(io_result::of_count(bytes.size())) {}
  io_result await_resume() const noexcept { return result_; }

 private:
  friend class socket_awaiter<send_awaiter>;
  direction& side() noexcept { return slot_.send; }
  call_outcome call(worker& here) noexcept;
  void cancelled(worker&) noexcept { result_ = io_result::of_error(ECANCELED); }

  std::span<const std::byte> unsent_;
  io_result result_;  // of a complete send, until it fails
};

using stream = basic_stream<registered_socket, receive_awaiter, send_awaiter>;

class accept_awaiter final : public socket_awaiter<accept_awaiter> {
 public:
  explicit accept_awaiter(socket_slot& slot) noexcept : socket_awaiter(slot) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    scheduler& owner = worker::current()->owner();
    const auto slot = owner.register_socket(*accepted_);
    if (!slot) return std::unexpected(slot.error());
    return stream(owner, **slot);
  }

 private:
  friend class socket_awaiter<accept_awaiter>;
  direction& side() noexcept { return slot_.receive; }
  call_outcome call(worker& here) noexcept;
  void cancelled(worker& here) noexcept;

  std::expected<int, int> accepted_ = std::unexpected(ECANCELED);
};

using listener = basic_listener<registered_socket, accept_awaiter>;

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
