// SPDX-License-Identifier: MIT
// Connected streams and listeners of the threads runtime: every await blocks the task's thread in
// one system call and completes inline. Used by tasks; close() by any thread (shared_socket.hpp).
// Cost: an operation is its system call and two uncontended atomic instructions; a stream's first
// operation in each direction takes the registry's mutex once.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <expected>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/threads/shared_socket.hpp"

namespace tailrace::threads {

// A received piece of a stream, usually in the buffer on the stack of the task's thread (then lent
// points to that buffer's flag), or, while another lease holds that one, in memory of its own. It
// must die before the task that received it ends, which is checked: the stack ends with the task.
class stack_lease {
 public:
  stack_lease() noexcept = default;
  explicit stack_lease(io_result status) noexcept : status_(status) {}
  stack_lease(std::byte* bytes, atomic<bool>* lent, io_result status) noexcept
      : bytes_(bytes), lent_(lent), status_(status) {}
  stack_lease(stack_lease&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), lent_(other.lent_), status_(other.status_) {}
  stack_lease& operator=(stack_lease&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(lent_, other.lent_);
    std::swap(status_, other.status_);
    return *this;
  }
  ~stack_lease() {
    if (bytes_ == nullptr) return;
    if (lent_ != nullptr) [[likely]]
      lent_->store(false, std::memory_order_release);  // release: see blocking_task::buffer_lent
    else
      std::free(bytes_);
  }

  io_result status() const noexcept { return status_; }
  std::span<const std::byte> bytes() const noexcept { return {bytes_, status_.count()}; }

 private:
  std::byte* bytes_ = nullptr;
  atomic<bool>* lent_ = nullptr;
  io_result status_;
};

stack_lease blocking_receive(shared_socket& socket, task_node& node);
io_result blocking_send(shared_socket& socket, std::span<const std::byte> bytes, task_node& node);
std::expected<int, int> blocking_accept(shared_socket& socket, task_node& node);

class receive_awaiter {
 public:
  explicit receive_awaiter(shared_socket& socket) noexcept : socket_(socket) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    lease_ = blocking_receive(socket_, self.promise().node());
    return false;
  }
  stack_lease await_resume() noexcept { return std::move(lease_); }

 private:
  shared_socket& socket_;
  stack_lease lease_;
};

class send_awaiter {
 public:
  send_awaiter(shared_socket& socket, std::span<const std::byte> bytes) noexcept
      : socket_(socket), bytes_(bytes) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    result_ = blocking_send(socket_, bytes_, self.promise().node());
    return false;
  }
  // count: all bytes, or an error; bytes sent before an error are not reported.
  io_result await_resume() const noexcept { return result_; }

 private:
  shared_socket& socket_;
  std::span<const std::byte> bytes_;
  io_result result_;
};

class stream final : public socket_owner {
 public:
  using lease_type = stack_lease;
  using socket_owner::socket_owner;

  receive_awaiter receive() noexcept { return receive_awaiter(*socket_); }
  send_awaiter send_all(std::span<const std::byte> bytes) noexcept { return {*socket_, bytes}; }
};

class accept_awaiter {
 public:
  accept_awaiter(shared_socket& socket, task_registry& registry) noexcept
      : socket_(socket), registry_(registry) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    accepted_ = blocking_accept(socket_, self.promise().node());
    return false;
  }
  std::expected<stream, int> await_resume() {
    if (!accepted_) return std::unexpected(accepted_.error());
    return stream(registry_, *accepted_);
  }

 private:
  shared_socket& socket_;
  task_registry& registry_;
  std::expected<int, int> accepted_ = -1;
};

class listener final : public socket_owner {
 public:
  using stream_type = stream;
  listener(task_registry& registry, int fd) : socket_owner(registry, fd), registry_(&registry) {}

  accept_awaiter accept() noexcept { return {*socket_, *registry_}; }
  std::uint16_t port() const noexcept { return sys::local_port(socket_->fd()); }

 private:
  task_registry* registry_;
};

}  // namespace tailrace::threads
