// SPDX-License-Identifier: MIT
// Connected streams and listeners of the work-stealing runtime. A stream belongs to the tasks that
// use it: one receives and one sends at a time, on whatever threads; close() ends both, also while
// they begin.
#pragma once

#include <coroutine>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/steal/lease.hpp"
#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {

// A slot of the runtime, closed when destroyed. Base of stream and listener.
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

  // Operations that are pending, and those begun later, end with -ECANCELED.
  void close() noexcept { scheduler_->close_socket(*slot_); }

  scheduler& owner() const noexcept { return *scheduler_; }
  socket_slot& slot() const noexcept { return *slot_; }

 private:
  scheduler* scheduler_;
  socket_slot* slot_;  // null once moved from
};

// What receiving, sending and accepting share: when to try, when to sleep, when to give up. Call is
// the derived awaiter:
//   direction& side()             which side of the slot
//   call_outcome call(worker&)    the system call, its result stored unless it would block
//   void cancelled()              stores -ECANCELED in place of a result
enum class call_outcome : std::uint8_t { would_block, done, done_and_still_ready };

template <class Call>
class socket_awaiter : protected operation {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_node& node = self.promise().node();
    node.handle = self;
    return !begin(*worker::current(), node);
  }

 protected:
  explicit socket_awaiter(socket_slot& slot) noexcept : operation{&attempt_again}, slot_(slot) {}
  socket_slot& slot_;

 private:
  // True: complete. False: the task sleeps, or runs elsewhere by now.
  [[gnu::always_inline]] inline bool begin(worker& here, task_node& node) noexcept;
  [[gnu::always_inline]] inline bool attempt(worker& here, task_node& node) noexcept;
  static bool attempt_again(operation& self, worker& here, task_node& node) noexcept;
  bool block(worker& here, task_node& node) noexcept;
  bool take_turns(worker& here, task_node& node) noexcept;
  bool refuse(worker& here, task_node& node) noexcept;
  bool give_up(worker& here, task_node& node) noexcept;
  // The direction becomes somebody else's to find this operation in.
  bool announce_here(task_node& node) noexcept {
    Call& call = static_cast<Call&>(*this);
    call.side().op = this;
    return announce(node, &call.side());
  }
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
  // count: all bytes, or an error; bytes sent before an error are not reported.
  io_result await_resume() const noexcept { return result_; }

 private:
  friend class socket_awaiter<send_awaiter>;
  direction& side() noexcept { return slot_.send; }
  call_outcome call(worker& here) noexcept;
  void cancelled(worker&) noexcept { result_ = io_result::of_error(ECANCELED); }

  std::span<const std::byte> unsent_;
  io_result result_;  // of a complete send, until it fails
};

class stream final : public registered_socket {
 public:
  using lease_type = buffer_lease;
  using registered_socket::registered_socket;

  receive_awaiter receive() noexcept { return receive_awaiter(slot()); }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept { return {slot(), bytes}; }
};

class accept_awaiter final : public socket_awaiter<accept_awaiter> {
 public:
  accept_awaiter(scheduler& owner, socket_slot& slot) noexcept
      : socket_awaiter(slot), scheduler_(owner) {}
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    const auto slot = scheduler_.register_socket(*accepted_);
    if (!slot) return std::unexpected(slot.error());
    return stream(scheduler_, **slot);
  }

 private:
  friend class socket_awaiter<accept_awaiter>;
  direction& side() noexcept { return slot_.receive; }
  call_outcome call(worker& here) noexcept;
  void cancelled(worker& here) noexcept;

  scheduler& scheduler_;
  std::expected<int, int> accepted_ = std::unexpected(ECANCELED);
};

class listener final : public registered_socket {
 public:
  using stream_type = stream;
  using registered_socket::registered_socket;

  accept_awaiter accept() noexcept { return {owner(), slot()}; }
  std::uint16_t port() const noexcept { return sys::local_port(slot().fd); }
};

}  // namespace tailrace::steal

#include "runtimes/steal/socket_awaiter.hpp"
