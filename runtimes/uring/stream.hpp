// SPDX-License-Identifier: MIT
// Connected streams and listeners of the io_uring runtime. One thread: that of their runtime.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/uring/receive_buffers.hpp"
#include "runtimes/uring/runtime.hpp"

namespace tailrace::uring {

class receive_awaiter final : operation {
 public:
  explicit receive_awaiter(socket_slot& slot) noexcept : operation(receive_kind), slot_(slot) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::always_inline]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  lease await_resume() noexcept {
    if (status_.count() == 0) [[unlikely]]
      return lease(status_);
    return {slot_.owner->buffers(), buffer_, status_};
  }

 private:
  friend class runtime;
  static const operation_kind receive_kind;
  bool begin(task_node& receiver) noexcept;
  bool begin_unusual(task_node& receiver) noexcept;
  // A call; false: it would block.
  bool attempt() noexcept;
  void fill(std::byte* buffer, std::size_t count) noexcept {
    buffer_ = buffer;
    status_ = io_result::of_count(count);
  }
  static bool abandon(operation& op) noexcept;

  socket_slot& slot_;
  std::byte* buffer_ = nullptr;
  io_result status_;
};

class send_awaiter final : operation {
 public:
  send_awaiter(socket_slot& slot, std::span<const std::byte> bytes) noexcept
      : operation(send_kind),
        slot_(slot),
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
  friend class runtime;
  static const operation_kind send_kind;
  bool begin(task_node& sender) noexcept;
  bool begin_directly() noexcept;
  void queue() noexcept;
  // The final completion of what was queued; false: the rest has been queued.
  bool completed(int result) noexcept;
  bool completed_unusually(int result) noexcept;
  static bool abandon(operation& op) noexcept;

  socket_slot& slot_;
  std::span<const std::byte> unsent_;
  io_result result_;  // what a complete send will tell, until it fails
};

// A slot of the runtime, closed when destroyed. Awaiters refer to the slot, which stays where it
// is; the stream must not be moved while an operation is pending all the same: that is the promise
// of every runtime.
class stream final {
 public:
  using lease_type = lease;

  explicit stream(socket_slot& slot) noexcept : slot_(&slot) {}
  stream(stream&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  stream& operator=(stream&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~stream() { close(); }

  receive_awaiter receive() noexcept { return receive_awaiter(*slot_); }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept { return {*slot_, bytes}; }
  void close() noexcept {
    if (slot_ != nullptr) slot_->owner->close_socket(*std::exchange(slot_, nullptr));
  }

 private:
  socket_slot* slot_;  // null once closed
};

class accept_awaiter final : operation {
 public:
  accept_awaiter(runtime& owner, listener_slot& slot) noexcept
      : operation(accept_kind), runtime_(owner), slot_(slot) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    return stream(runtime_.adopt(*accepted_));
  }

 private:
  friend class runtime;
  static const operation_kind accept_kind;
  bool begin(task_node& acceptor) noexcept;
  bool take_waiting() noexcept;
  static bool abandon(operation& op) noexcept;

  runtime& runtime_;
  listener_slot& slot_;
  std::expected<int, int> accepted_ = -1;
};

class listener final {
 public:
  using stream_type = stream;

  listener(runtime& owner, listener_slot& slot, std::uint16_t port) noexcept
      : runtime_(&owner), slot_(&slot), port_(port) {}
  listener(listener&& other) noexcept
      : runtime_(other.runtime_), slot_(std::exchange(other.slot_, nullptr)), port_(other.port_) {}
  listener& operator=(listener&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(slot_, other.slot_);
    std::swap(port_, other.port_);
    return *this;
  }
  ~listener() {
    if (slot_ != nullptr) runtime_->close_listener(*slot_);
  }

  accept_awaiter accept() noexcept { return {*runtime_, *slot_}; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  runtime* runtime_;
  listener_slot* slot_;  // null once moved from
  std::uint16_t port_;
};

// Inline, with what they call: they are the path of every message.
[[gnu::always_inline]] inline bool receive_awaiter::begin(task_node& receiver) noexcept {
  if (receiver.owner->stop_requested() || slot_.waiting_buffers != 0 || slot_.ended() ||
      slot_.single) [[unlikely]]
    return begin_unusual(receiver);
  slot_.receiver = this;
  runtime::sleep_in(*this, receiver);
  slot_.owner->arm(slot_);
  return true;
}

inline void send_awaiter::queue() noexcept {
  io_uring_sqe& entry = slot_.owner->entry();
  // As io_uring_prep_send(), on an entry that is cleared already. MSG_WAITALL: the kernel goes on
  // with a short send by itself (Linux 5.19). More than 2^30 bytes are a short send.
  entry.opcode = IORING_OP_SEND;
  entry.addr = reinterpret_cast<std::uint64_t>(unsent_.data());
  entry.len = static_cast<std::uint32_t>(std::min(unsent_.size(), std::size_t{1} << 30));
  entry.msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
  slot_.owner->name_descriptor(entry, slot_);
  entry.user_data = data_of(static_cast<operation*>(this), tag::send);
}

[[gnu::always_inline]] inline bool send_awaiter::begin(task_node& sender) noexcept {
  if (sender.owner->stop_requested()) [[unlikely]] {
    result_ = io_result::of_error(ECANCELED);
    return false;
  }
  if (slot_.single || slot_.owner->always_sends_directly() || unsent_.empty()) [[unlikely]] {
    if (begin_directly()) return false;
  }
  slot_.sender = this;
  runtime::sleep_in(*this, sender);
  queue();
  return true;
}

inline bool send_awaiter::completed(int result) noexcept {
  if (std::cmp_equal(result, unsent_.size()) && result_.ok()) [[likely]]
    return true;
  return completed_unusually(result);
}

}  // namespace tailrace::uring
