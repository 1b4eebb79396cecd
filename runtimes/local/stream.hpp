// SPDX-License-Identifier: MIT
// Connected streams and listeners of the local executor. One thread: that of their runtime.
#pragma once

#include <coroutine>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/local/runtime.hpp"

namespace tailrace::local {

// A slot of the runtime, closed when destroyed. Base of stream and listener. Awaiters refer to it,
// so it must not be moved while an operation is pending.
class registered_socket {
 public:
  registered_socket(runtime& owner, socket_slot& slot) noexcept : runtime_(&owner), slot_(&slot) {}
  registered_socket(registered_socket&& other) noexcept
      : runtime_(other.runtime_), slot_(std::exchange(other.slot_, nullptr)) {}
  registered_socket& operator=(registered_socket&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~registered_socket() { close(); }

  void close() noexcept {
    if (slot_ == nullptr) return;
    runtime_->close_socket(*slot_);
    slot_ = nullptr;
  }

  runtime& owner() const noexcept { return *runtime_; }
  socket_slot& slot() const noexcept { return *slot_; }

 private:
  runtime* runtime_;
  socket_slot* slot_;  // null once closed
};

class receive_awaiter final : operation {
 public:
  explicit receive_awaiter(registered_socket& socket) noexcept
      : operation(receive_kind), socket_(socket) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::always_inline]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  buffer_lease await_resume() noexcept {
    if (status_.count() == 0) [[unlikely]]
      return buffer_lease(status_);
    return {socket_.owner().buffers(), buffer_, status_};
  }

  static bool is(const operation& op) noexcept { return op.kind == &receive_kind; }
  static bool attempt_again(operation& op) noexcept {
    return static_cast<receive_awaiter&>(op).attempt();
  }

 private:
  static const operation_kind receive_kind;
  bool begin(task_node& receiver) noexcept;
  bool attempt() noexcept;
  static void abandon(operation& op) noexcept;

  registered_socket& socket_;
  std::byte* buffer_;  // lent by the runtime's pool where status_ counts bytes; else not set
  io_result status_;
};

class send_awaiter final : operation {
 public:
  send_awaiter(registered_socket& socket, std::span<const std::byte> bytes) noexcept
      : operation(send_kind),
        socket_(socket),
        unsent_(bytes),
        result_(io_result::of_count(bytes.size())) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::always_inline]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  // count: all bytes, or an error; what went out before an error is not told.
  io_result await_resume() const noexcept { return result_; }

 private:
  static const operation_kind send_kind;
  bool begin(task_node& sender) noexcept;
  bool attempt() noexcept;
  static bool attempt_again(operation& op) noexcept {
    return static_cast<send_awaiter&>(op).attempt();
  }
  static void abandon(operation& op) noexcept;

  registered_socket& socket_;
  std::span<const std::byte> unsent_;
  io_result result_;  // what a complete send will tell, until it fails
};

class stream final : public registered_socket {
 public:
  using lease_type = buffer_lease;
  using registered_socket::registered_socket;

  receive_awaiter receive() noexcept { return receive_awaiter(*this); }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept { return {*this, bytes}; }
};

class accept_awaiter final : operation {
 public:
  explicit accept_awaiter(registered_socket& socket) noexcept
      : operation(accept_kind), socket_(socket) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    const auto slot = socket_.owner().register_socket(*accepted_);
    if (!slot) return std::unexpected(slot.error());
    return stream(socket_.owner(), **slot);
  }

 private:
  static const operation_kind accept_kind;
  bool begin(task_node& acceptor) noexcept;
  bool attempt() noexcept;
  static bool attempt_again(operation& op) noexcept {
    return static_cast<accept_awaiter&>(op).attempt();
  }
  static void abandon(operation& op) noexcept;

  registered_socket& socket_;
  std::expected<int, int> accepted_ = -1;
};

class listener final : public registered_socket {
 public:
  using stream_type = stream;
  using registered_socket::registered_socket;

  accept_awaiter accept() noexcept { return accept_awaiter(*this); }
  std::uint16_t port() const noexcept { return sys::local_port(slot().fd); }
};

// Inline, with what they call: they are the path of every message. By force, because a compiler
// that sees a second kind of session calls them instead (g++ 12: 17 instructions an echo more).
[[gnu::always_inline]] inline bool receive_awaiter::begin(task_node& receiver) noexcept {
  if (receiver.owner->stop_requested()) [[unlikely]] {
    status_ = io_result::of_error(ECANCELED);
    return false;
  }
  runtime& owner = socket_.owner();
  socket_slot& slot = socket_.slot();
  if (slot.readable) {
    if (!owner.within_budget())
      owner.retry_later(slot);
    else if (attempt())
      return false;
  }
  owner.wait_to_receive(slot, *this, receiver);
  if (slot.oneshot) [[unlikely]]
    owner.arm(slot);
  return true;
}

inline bool receive_awaiter::attempt() noexcept {
  socket_slot& slot = socket_.slot();
  buffer_pool& pool = socket_.owner().buffers();
  std::byte* const buffer = pool.take();
  status_ = sys::receive(slot.fd, {buffer, buffer_pool::buffer_bytes});
  if (status_.count() != 0) [[likely]] {
    if (status_.count() < buffer_pool::buffer_bytes && !slot.hung_up) slot.readable = false;
    buffer_ = buffer;
    return true;
  }
  pool.give_back(buffer);
  if (status_.error() != EAGAIN) return true;
  slot.readable = false;
  return false;
}

[[gnu::always_inline]] inline bool send_awaiter::begin(task_node& sender) noexcept {
  if (sender.owner->stop_requested()) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  runtime& owner = socket_.owner();
  if (socket_.slot().writable) {
    if (!owner.within_budget()) [[unlikely]]
      owner.retry_later(socket_.slot());
    else if (attempt()) [[likely]]
      return false;
  }
  owner.wait_to_send(socket_.slot(), *this, sender);
  owner.arm(socket_.slot());
  return true;
}

inline bool send_awaiter::attempt() noexcept {
  for (;;) {
    const io_result sent = sys::send(socket_.slot().fd, unsent_);
    if (sent.count() == unsent_.size()) [[likely]]
      return true;
    if (sent.error() == EAGAIN) {
      socket_.slot().writable = false;
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
