// SPDX-License-Identifier: MIT
// The identity of a spawned task: what a scope and a runtime need to find, start and cancel it. It
// lives in the promise of the task's outermost coroutine, so that a spawn allocates one frame and
// nothing else.
#pragma once

#include <coroutine>
#include <exception>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/ready_queue.hpp"

namespace tailrace {

class scope_base;

struct task_node : runnable {  // runnable: how the runtime starts it
  // The owner's list of living children. Guarded by the owner's mutex.
  task_node* previous_sibling = nullptr;
  task_node* next_sibling = nullptr;
  // The scope that spawned it; null until then. Constant while the task lives.
  scope_base* owner = nullptr;
  // The runtime's own: what the task sleeps on. Rules are the runtime's.
  void* waiting = nullptr;
};

// The part of a scope that does not depend on the runtime.
class scope_base {
 public:
  scope_base() = default;
  scope_base(const scope_base&) = delete;
  scope_base& operator=(const scope_base&) = delete;

  // Any thread. relaxed: a hint that pairs with nothing; a task that misses it here is found by
  // Runtime::cancel(), which request_stop() calls under the scope's mutex.
  bool stop_requested() const noexcept { return stop_requested_.load(std::memory_order_relaxed); }

  // Asks every task of the scope, and of the scopes they join, to stop. Idempotent.
  virtual void request_stop() noexcept = 0;

  // The task threw; finished() follows, on the same thread.
  virtual void failed(task_node& node, std::exception_ptr failure) noexcept = 0;

  // The task's coroutine reached its end, or has thrown. Destroys the frame.
  virtual void finished(task_node& node, std::coroutine_handle<> frame, bool threw) noexcept = 0;

 protected:
  ~scope_base() = default;
  // Written under the scope's mutex. relaxed: see stop_requested().
  void set_stop_requested() noexcept { stop_requested_.store(true, std::memory_order_relaxed); }

 private:
  atomic<bool> stop_requested_{false};
};

}  // namespace tailrace
