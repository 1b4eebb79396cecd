// SPDX-License-Identifier: MIT
// Streams and listeners of the io_uring runtime. One thread: that of their runtime.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/single/operation.hpp"
#include "runtimes/uring/poller.hpp"
#include "runtimes/uring/receive_buffers.hpp"

namespace tailrace::uring {

class receive_awaiter final : public single::awaitable<receive_awaiter> {
 public:
  explicit receive_awaiter(socket_slot& from) noexcept : slot_(from) {}
  lease await_resume() noexcept {
    if (status_.count() == 0) [[unlikely]]
      return lease(status_);
    return {buffer_, status_, {&slot_.owner->buffers()}};
  }

  [[gnu::always_inline]] bool begin(task_node& receiver) {
    if (slot_.waiting_buffers != 0 || slot_.ended() || slot_.single) [[unlikely]]
      return begin_unusual(receiver);
    return wait(receiver);
  }
  // A call; false: it would block.
  bool attempt();
  void fill(std::byte* buffer, std::size_t count) noexcept {
    buffer_ = buffer;
    status_ = io_result::of_count(count);
  }
  // With what ended the slot.
  void end() noexcept { status_ = slot_.end == 0 ? io_result() : io_result::of_error(-slot_.end); }
  void set_cancelled() noexcept { status_ = io_result::of_error(ECANCELED); }
  // The kernel has nothing of the task: bytes come into buffers of the runtime.
  bool leave() noexcept {
    slot_.receiver = nullptr;
    return true;
  }

 private:
  bool begin_unusual(task_node& receiver);
  bool wait(task_node& receiver) noexcept {
    slot_.receiver = &receiver;
    sleep(receiver);
    slot_.owner->arm(slot_);
    return true;
  }

  socket_slot& slot_;
  std::byte* buffer_ = nullptr;
  io_result status_;
};

class send_awaiter final : public single::awaitable<send_awaiter> {
 public:
  send_awaiter(socket_slot& to, std::span<const std::byte> bytes) noexcept
      : slot_(to), unsent_(bytes), result_(io_result::of_count(bytes.size())) {}
  io_result await_resume() const noexcept { return result_; }

  [[gnu::always_inline]] bool begin(task_node& sender) noexcept {
    if (slot_.single || slot_.owner->always_sends_directly() || unsent_.empty()) [[unlikely]] {
      if (begin_directly()) return false;
    }
    slot_.sender = &sender;
    sleep(sender);
    queue();
    return true;
  }
  // The final completion of what was queued; false: the rest has been queued.
  bool completed(int result) noexcept {
    if (std::cmp_equal(result, unsent_.size()) && result_.ok()) [[likely]]
      return true;
    return completed_unusually(result);
  }
  socket_slot& slot() const noexcept { return slot_; }
  void set_cancelled() noexcept { result_ = io_result::of_error(ECANCELED); }
  // The bytes are the kernel's until the final completion. By a stop and then by a close: twice.
  bool leave() noexcept {
    slot_.owner->requests().cancel(data_of(slot_.sender, tag::send));
    return false;
  }

 private:
  bool begin_directly() noexcept;
  bool completed_unusually(int result) noexcept;
  void queue() noexcept {
    io_uring_sqe& entry = slot_.owner->requests().uncounted_entry();
    // As io_uring_prep_send(), on an entry that is cleared already. MSG_WAITALL: the kernel goes on
    // with a short send by itself (Linux 5.19). More than 2^30 bytes are a short send.
    entry.opcode = IORING_OP_SEND;
    entry.addr = reinterpret_cast<std::uint64_t>(unsent_.data());
    entry.len = static_cast<std::uint32_t>(std::min(unsent_.size(), std::size_t{1} << 30));
    entry.msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
    slot_.owner->name_descriptor(entry, slot_);
    entry.user_data = data_of(slot_.sender, tag::send);
  }

  socket_slot& slot_;
  std::span<const std::byte> unsent_;
  io_result result_;  // that of a complete send, until it fails
};

using stream = basic_stream<socket_owner<socket_slot>, receive_awaiter, send_awaiter>;

class accept_awaiter final : public single::awaitable<accept_awaiter> {
 public:
  explicit accept_awaiter(listener_slot& on) noexcept : owner_(on.owner->owner()), slot_(on) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    return stream(owner_.adopt(*accepted_));
  }

  bool begin(task_node& acceptor) noexcept {
    if (take_waiting()) return owner_.takes_turns(acceptor);
    slot_.waiting = &acceptor;
    sleep(acceptor);
    slot_.owner->arm(slot_);
    return true;
  }
  // A connection, or a refusal, that came before; false: neither has.
  bool take_waiting() noexcept;
  void set_cancelled() noexcept { accepted_ = std::unexpected(ECANCELED); }
  bool leave() noexcept {
    slot_.waiting = nullptr;
    return true;
  }

 private:
  poller& owner_;
  listener_slot& slot_;  // may be gone when a complete accept's task runs: another has closed it
  std::expected<int, int> accepted_ = -1;
};

using listener = basic_listener<socket_owner<listener_slot>, accept_awaiter>;

}  // namespace tailrace::uring
