// SPDX-License-Identifier: MIT
// The auto-reset event of the threads runtime (extensions.hpp says what one promises): a mutex
// guards who waits, and the waiter's thread sleeps on a futex of its own task, where a stop reaches
// it too.
//
// Threads: set() any; wait() one task at a time. Cost: an uncontended mutex on either side, plus
// the kernel where somebody waits (1 to 2 us between threads of one CPU, tens of us to wake an idle
// CPU).
#pragma once

#include <mutex>

#include "runtimes/base/io_result.hpp"
#include "runtimes/threads/blocking_awaiter.hpp"
#include "runtimes/threads/blocking_task.hpp"

namespace tailrace::threads {

template <bool Pooled>
class basic_runtime;

class event {
 public:
  template <bool Pooled>
  explicit event(basic_runtime<Pooled>&) noexcept {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event();

  void set() noexcept;

  // wait(), blocking.
  io_result block(task_node& node);
  using awaiter = blocking_awaiter<&event::block, event&>;
  awaiter wait() noexcept { return awaiter(*this); }

 private:
  std::mutex mutex_;                 // guards both; taken before a task's own, never held with it
  blocking_task* waiter_ = nullptr;  // never together with set_
  bool set_ = false;
};

}  // namespace tailrace::threads
