// SPDX-License-Identifier: MIT
// What one task of the threads runtime needs besides its coroutine: where it sleeps, the receive
// buffer on its thread's stack, and which sockets a cancellation has to look at. Lives on the stack
// of the task's thread from before the task starts until after it has ended.
//
// The registry is how a cancellation finds the sockets that a task may block on without a lock in
// every operation. A task enlists in a socket (once per direction) when it first uses it and stays
// enlisted until it ends, the socket is closed, or another task takes over that direction. One
// mutex a runtime guards all lists; it is the innermost lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::threads {

class shared_socket;
struct blocking_task;

enum class direction { receiving, sending };  // accepting counts as receiving

// A task's place in one direction of one socket. Part of the socket.
struct registration {
  shared_socket* socket = nullptr;
  direction way = direction::receiving;
  // Written under the registry's mutex. relaxed reads outside it: a task only asks whether it finds
  // its own address, which no other task stores.
  atomic<blocking_task*> task{nullptr};
  registration* next = nullptr;  // the task's list; guarded by the registry's mutex
  registration* previous = nullptr;
};

struct blocking_task {
  static constexpr std::size_t buffer_bytes = 64 * 1024;  // as every runtime's

  std::byte* buffer = nullptr;  // buffer_bytes on the thread's stack; untouched until bytes arrive
  // Whether a lease holds the buffer. Set by the task; cleared, release, by whoever destroys the
  // lease; acquire by the task before it lets the kernel write there again.
  atomic<bool> buffer_lent{false};
  // Not 0: the task got no thread of its own (EAGAIN); each of its operations fails with this.
  int refusal = 0;
  registration* first = nullptr;  // guarded by the registry's mutex

  io_result sleep_until(std::chrono::steady_clock::time_point deadline);
  void stop_sleeping() noexcept;

  // For events: blocks until signalled or stopped; until signalled, and takes the signal.
  void await_signal_or_stop() noexcept;
  void await_signal() noexcept;
  // Any thread. The task may be gone as soon as it is signalled: the wake-up then goes to an
  // address where nobody waits, which the kernel ignores (P2616 says why the standard is silent on
  // this).
  void signal() noexcept;

 private:
  // Set for a wait for an event to end, awaited as a futex.
  static constexpr std::uint32_t signalled = 1;
  static constexpr std::uint32_t stopped = 2;

  std::mutex mutex_;  // guards stopped_
  std::condition_variable woken_;
  bool stopped_ = false;
  // release by signal(), acquire by the waiter: what came before set() happened before the wait
  // returns. A stop publishes nothing.
  atomic<std::uint32_t> wake_reasons_{0};
};

class task_registry {
 public:
  // The task begins: node.waiting points to it. Passes on a stop that came before.
  void begin_task(task_node& node, blocking_task& task);
  // The task ended (its node is gone): leaves every socket.
  void end_task(blocking_task& task);
  // Ends what the task is blocked in, if anything. Under the mutex of the node's scope.
  void cancel(task_node& node) noexcept;

  // For shared_socket.
  void enlist(registration& place, blocking_task& task, const task_node& node);
  void delist(registration& place) noexcept;

 private:
  static void unlink(registration& place) noexcept;

  std::mutex mutex_;
};

// The state of the task that runs on this thread.
inline blocking_task& blocking_task_of(const task_node& node) noexcept {
  return *static_cast<blocking_task*>(node.waiting);
}

}  // namespace tailrace::threads
