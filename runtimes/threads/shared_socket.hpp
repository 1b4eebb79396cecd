// SPDX-License-Identifier: MIT
// A blocking socket that several threads may use, cancel and close at once: one word of state
// decides who may touch the descriptor, so that an operation costs two atomic instructions besides
// its system call and no lock, and a descriptor number is never used after it was given back.
//
// State: busy(way)       a task is inside a system call of that direction
//        cancelled(way)  that task's scope asked it to stop: its next begin() is refused
//        closed          no new operation; those inside were woken by shutdown(SHUT_RDWR)
//        closing         the closer is about to do so; the descriptor must stay open
//        finishing       someone closes the descriptor: only once
//        finished        the descriptor is closed
//        abandoned       the stream object is gone
// The last of {busy, closing} to leave a closed socket closes the descriptor; the last of
// {finished, abandoned} frees the object. Cancellation and begin() change the same word, so one of
// them sees the other: no wake-up is lost.
// Threads: any; each direction is used by one task at a time. Source: Go's internal/poll fdMutex.
#pragma once

#include <cstdint>
#include <memory>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/task_node.hpp"
#include "runtimes/threads/blocking_task.hpp"

namespace tailrace::threads {

class shared_socket {
 public:
  shared_socket(task_registry& registry, int fd) noexcept;

  int fd() const noexcept { return fd_; }
  std::uint16_t port() const noexcept { return sys::local_port(fd_); }
  task_registry& registry() const noexcept { return registry_; }

  // Before a blocking system call: 0, or the errno with which the operation ends instead.
  int begin(direction way, task_node& node);
  // After it. True: the call was, or may have been, ended by a cancellation or by close().
  bool end(direction way) noexcept;

  // Wakes and refuses the operation of one direction. Under the registry's mutex.
  void cancel(direction way) noexcept;
  void forget_cancel(direction way) noexcept;

  // Once each, by the owning stream; abandon() last.
  void close() noexcept;
  void abandon() noexcept;

 private:
  static constexpr std::uint32_t busy(direction way) { return 1u << static_cast<unsigned>(way); }
  static constexpr std::uint32_t cancelled(direction way) { return busy(way) << 2; }
  static constexpr std::uint32_t any_busy = 3;
  static constexpr std::uint32_t closed = 16;
  static constexpr std::uint32_t closing = 32;
  static constexpr std::uint32_t finishing = 64;
  static constexpr std::uint32_t finished = 128;
  static constexpr std::uint32_t abandoned = 256;

  ~shared_socket() = default;
  void finish_close() noexcept;
  void leave_lists() noexcept;
  void destroy() noexcept;

  // acq_rel throughout: each change of state pairs with the one before it in the word's order, so
  // what a leaver did to the descriptor happens before the close, and the rest before the delete.
  atomic<std::uint32_t> state_{0};
  int fd_;
  task_registry& registry_;
  registration places_[2];
};

// Owns a shared_socket: the handle of streams and listeners.
class socket_owner {
 public:
  socket_owner(task_registry& registry, int fd) : socket_(new shared_socket(registry, fd)) {}

  // Operations that are pending, or started later, end with -ECANCELED.
  void close() noexcept {
    if (socket_ != nullptr) socket_->close();
  }

 protected:
  shared_socket& socket() const noexcept {
    TAILRACE_DCHECK(socket_ != nullptr);
    return *socket_;
  }

 private:
  struct leaving {
    void operator()(shared_socket* owned) const noexcept {
      owned->close();
      owned->abandon();
    }
  };
  std::unique_ptr<shared_socket, leaving> socket_;  // null once moved from
};

}  // namespace tailrace::threads
