// SPDX-License-Identifier: MIT
#include "runtimes/threads/stream.hpp"

#include <cerrno>

#include "runtimes/base/sys.hpp"

namespace tailrace::threads {
namespace {

stack_lease receive_into(shared_socket& socket, std::byte* bytes, atomic<bool>* lent) {
  const io_result received = sys::receive(socket.fd(), {bytes, blocking_task::buffer_bytes});
  // Owned from here on; an empty result gives the buffer back at once.
  stack_lease lease(bytes, received, {lent});
  return received.count() != 0 ? std::move(lease) : stack_lease(received);
}

stack_lease receive_from(shared_socket& socket, blocking_task& task) {
  // acquire: pairs with the release store in give_back_to_task.
  if (!task.buffer_lent.load(std::memory_order_acquire)) [[likely]] {
    task.buffer_lent.store(true, std::memory_order_relaxed);  // relaxed: read by this task only
    return receive_into(socket, task.buffer, &task.buffer_lent);
  }
  void* const own = std::malloc(blocking_task::buffer_bytes);
  if (own == nullptr) return stack_lease(io_result::of_error(ENOMEM));
  return receive_into(socket, static_cast<std::byte*>(own), nullptr);
}

}  // namespace

stack_lease blocking_receive(shared_socket& socket, task_node& node) {
  if (const int error = socket.begin(direction::receiving, node)) [[unlikely]]
    return stack_lease(io_result::of_error(error));
  stack_lease lease = receive_from(socket, blocking_task_of(node));
  const bool stopped = socket.end(direction::receiving);
  // An end of stream or an error after a stop is the work of our own shutdown().
  if (stopped && lease.bytes().empty()) return stack_lease(io_result::of_error(ECANCELED));
  return lease;
}

io_result blocking_send(shared_socket& socket, std::span<const std::byte> bytes, task_node& node) {
  if (const int error = socket.begin(direction::sending, node)) [[unlikely]]
    return io_result::of_error(error);
  std::size_t sent = 0;
  io_result last;
  while (last.ok() && sent < bytes.size()) {
    last = sys::send(socket.fd(), bytes.subspan(sent));
    sent += last.count();
  }
  const bool stopped = socket.end(direction::sending);
  if (last.ok()) return io_result::of_count(sent);
  return stopped ? io_result::of_error(ECANCELED) : last;
}

std::expected<stream, int> blocking_accept(shared_socket& socket, task_node& node) {
  if (const int error = socket.begin(direction::receiving, node)) [[unlikely]]
    return std::unexpected(error);
  const std::expected<int, int> accepted = sys::accept_stream(socket.fd(), true);
  const bool stopped = socket.end(direction::receiving);
  if (!accepted) return std::unexpected(stopped ? ECANCELED : accepted.error());
  return stream(socket.registry(), *accepted);
}

}  // namespace tailrace::threads
