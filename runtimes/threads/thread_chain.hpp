// SPDX-License-Identifier: MIT
// The threads of one scope, all of them joined: a thread that ends joins the one that ended before
// it, so that at any time at most one ended thread still holds its stack, and joining the last one
// joins them all. So a server that runs for long keeps no stacks, and no thread outlives its scope.
// Any thread; a mutex, taken twice a thread.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>

namespace tailrace::threads {

// How threads are made. stack_kib 0: as users have it (ulimit -s, usually 8 MiB).
class thread_attributes {
 public:
  // The receive buffer, the frames of a task, and what libc puts there.
  static constexpr std::size_t stack_kib_least = 96;

  explicit thread_attributes(std::size_t stack_kib);
  thread_attributes(const thread_attributes&) = delete;
  thread_attributes& operator=(const thread_attributes&) = delete;
  ~thread_attributes();

  const pthread_attr_t* get() const noexcept { return &attributes_; }

 private:
  pthread_attr_t attributes_;
};

class thread_chain {
 public:
  thread_chain() = default;
  thread_chain(const thread_chain&) = delete;
  thread_chain& operator=(const thread_chain&) = delete;
  ~thread_chain() { join_all(); }

  // Starts body(argument) on a new thread, which must call ended() last of all. 0 or an errno: a
  // refusal (EAGAIN: the limits on threads, or no memory) is a value.
  int start(const thread_attributes& attributes, void* (*body)(void*), void* argument) noexcept;
  // By a thread of this chain, as its last use of the chain.
  void ended() noexcept;
  // Blocks until every thread started so far has ended and is joined.
  void join_all() noexcept;

 private:
  std::mutex mutex_;  // guards all below
  std::condition_variable none_running_;
  std::size_t running_ = 0;  // started and not yet in ended()
  std::optional<pthread_t> last_ended_;
};

}  // namespace tailrace::threads
