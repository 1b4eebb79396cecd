// SPDX-License-Identifier: MIT
// Streams and listeners of the local executor. One thread: that of their runtime.
#pragma once

#include <cerrno>
#include <cstddef>
#include <expected>
#include <span>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/local/poller.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::local {

// What receiving, sending and accepting share: the call first, and sleep only when it would block.
// Call is the derived awaiter:
//   bool attempt()   the system call; false: it would block, the direction is not ready any more
template <class Call, direction Way>
class socket_awaiter : public single::awaitable<Call> {
 public:
  // By force, with what it calls: the path of every message. A compiler that sees a second kind of
  // session calls them instead (g++ 12: 17 instructions an echo more).
  [[gnu::always_inline]] bool begin(task_node& task) {
    if (slot_.ready[Way]) {
      if (!owner().within_budget()) [[unlikely]]
        owner().retry_later(slot_);
      else if (static_cast<Call&>(*this).attempt())
        return false;
    }
    TAILRACE_DCHECK(slot_.waiting[Way] == nullptr);
    slot_.waiting[Way] = &task;
    this->sleep(task);
    if (slot_.oneshot) [[unlikely]]
      owner().arm(slot_);
    return true;
  }
  bool leave() noexcept {
    slot_.waiting[Way] = nullptr;
    return true;
  }

 protected:
  explicit socket_awaiter(socket_slot& slot) noexcept : slot_(slot) {}
  ~socket_awaiter() = default;
  poller& owner() const noexcept { return *slot_.owner; }

  socket_slot& slot_;
};

class receive_awaiter final : public socket_awaiter<receive_awaiter, receiving> {
 public:
  explicit receive_awaiter(socket_slot& from) noexcept : socket_awaiter(from) {}
  buffer_lease await_resume() noexcept {
    if (status_.count() == 0) [[unlikely]]
      return buffer_lease(status_);
    return {buffer_, status_, {&owner().buffers()}};
  }

  bool attempt();
  void set_cancelled() noexcept { status_ = io_result::of_error(ECANCELED); }

 private:
  std::byte* buffer_;  // lent by the poller's pool where status_ counts bytes; else not set
  io_result status_;
};

class send_awaiter final : public socket_awaiter<send_awaiter, sending> {
 public:
  send_awaiter(socket_slot& to, std::span<const std::byte> bytes) noexcept
      : socket_awaiter(to), unsent_(bytes), result_(io_result::of_count(bytes.size())) {}
  io_result await_resume() const noexcept { return result_; }

  bool attempt() noexcept;
  void set_cancelled() noexcept { result_ = io_result::of_error(ECANCELED); }

 private:
  std::span<const std::byte> unsent_;
  io_result result_;  // that of a complete send, until it fails
};

using stream = basic_stream<socket_owner<socket_slot>, receive_awaiter, send_awaiter>;

class accept_awaiter final : public socket_awaiter<accept_awaiter, receiving> {
 public:
  explicit accept_awaiter(socket_slot& on) noexcept : socket_awaiter(on) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    const auto slot = owner().register_socket(*accepted_);
    if (!slot) return std::unexpected(slot.error());
    return stream(**slot);
  }

  bool attempt() noexcept {
    accepted_ = sys::accept_stream(slot_.fd, false);
    if (accepted_ || accepted_.error() != EAGAIN) return true;
    slot_.ready[receiving] = false;
    return false;
  }
  void set_cancelled() noexcept { accepted_ = std::unexpected(ECANCELED); }

 private:
  std::expected<int, int> accepted_ = -1;
};

using listener = basic_listener<socket_owner<socket_slot>, accept_awaiter>;

inline bool receive_awaiter::attempt() {
  buffer_pool& pool = owner().buffers();
  std::byte* const buffer = pool.take();
  status_ = sys::receive(slot_.fd, {buffer, buffer_pool::buffer_bytes});
  if (status_.count() != 0) [[likely]] {
    if (status_.count() < buffer_pool::buffer_bytes && !slot_.hung_up)
      slot_.ready[receiving] = false;
    buffer_ = buffer;
    return true;
  }
  pool.give_back(buffer);
  if (status_.error() != EAGAIN) return true;
  slot_.ready[receiving] = false;
  return false;
}

inline bool send_awaiter::attempt() noexcept {
  for (;;) {
    const io_result sent = sys::send(slot_.fd, unsent_);
    if (sent.count() == unsent_.size()) [[likely]]
      return true;
    if (sent.error() == EAGAIN) {
      slot_.ready[sending] = false;
      return false;
    }
    if (!sent.ok()) {
      result_ = sent;
      return true;
    }
    unsent_ = unsent_.subspan(sent.count());
  }
}

}  // namespace tailrace::local
