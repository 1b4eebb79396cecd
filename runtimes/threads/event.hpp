// SPDX-License-Identifier: MIT
// The auto-reset event of the threads runtime (extensions.hpp says what one promises): a mutex
// guards who waits, and the waiter's thread sleeps on a futex of its own task, where a stop reaches
// it too.
//
// Threads: set() any; wait() one task at a time. Cost: an uncontended mutex on either side, plus
// the kernel where somebody waits (1 to 2 us between threads of one CPU, tens of us to wake an idle
// CPU).
#pragma once

#include <coroutine>
#include <mutex>

#include "runtimes/base/io_result.hpp"
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

  class awaiter {
   public:
    explicit awaiter(event& awaited) noexcept : event_(awaited) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> self) {
      result_ = event_.block(self.promise().node());
      return false;
    }
    io_result await_resume() const noexcept { return result_; }

   private:
    event& event_;
    io_result result_;
  };

  awaiter wait() noexcept { return awaiter(*this); }

 private:
  io_result block(task_node& node);

  std::mutex mutex_;                 // guards both; taken before a task's own, never held with it
  blocking_task* waiter_ = nullptr;  // never together with set_
  bool set_ = false;
};

}  // namespace tailrace::threads
