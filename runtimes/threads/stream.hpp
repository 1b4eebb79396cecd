// SPDX-License-Identifier: MIT
// Connected streams and listeners of the threads runtime: every await blocks the task's thread in
// one system call and completes inline. Used by tasks; close() by any thread (shared_socket.hpp).
// Cost: an operation is its system call and two uncontended atomic instructions; a stream's first
// operation in each direction takes the registry's mutex once.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <expected>
#include <span>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/lease.hpp"
#include "runtimes/basic_stream.hpp"
#include "runtimes/threads/blocking_awaiter.hpp"
#include "runtimes/threads/shared_socket.hpp"

namespace tailrace::threads {

// A lease is usually of the buffer on the stack of the task's thread (then lent points to that
// buffer's flag), or, while another lease holds that one, of memory of its own. It must die before
// the task that received it ends, which is checked: the stack ends with the task.
struct give_back_to_task {
  atomic<bool>* lent = nullptr;

  void operator()(std::byte* buffer) const noexcept {
    if (lent != nullptr) [[likely]]
      lent->store(false, std::memory_order_release);  // release: see blocking_task::buffer_lent
    else
      std::free(buffer);
  }
};
using stack_lease = basic_lease<give_back_to_task>;

stack_lease blocking_receive(shared_socket& socket, task_node& node);
io_result blocking_send(shared_socket& socket, std::span<const std::byte> bytes, task_node& node);

using receive_awaiter = blocking_awaiter<&blocking_receive, shared_socket&>;
using send_awaiter = blocking_awaiter<&blocking_send, shared_socket&, std::span<const std::byte>>;
using stream = basic_stream<socket_owner, receive_awaiter, send_awaiter>;

std::expected<stream, int> blocking_accept(shared_socket& socket, task_node& node);

using accept_awaiter = blocking_awaiter<&blocking_accept, shared_socket&>;
using listener = basic_listener<socket_owner, accept_awaiter>;

}  // namespace tailrace::threads
