// SPDX-License-Identifier: MIT
// What a task of a loop with one thread sleeps in. It lives in the awaiter, hence in the task's
// frame, where it costs a word: who resumes the task knows its node, and finds the operation there.
#pragma once

#include <coroutine>
#include <utility>

#include "runtimes/task_node.hpp"

namespace tailrace::single {

struct operation {
  // Ends it early with -ECANCELED; resumes nothing. True: it has left what it waited in, its task
  // may run. False: the kernel still has its memory; the final completion resumes the task.
  virtual bool cancel() noexcept = 0;

  // From now on the loop's cancel() finds it.
  void sleep(task_node& task) noexcept { task.waiting = this; }

 protected:
  ~operation() = default;
};

// The operation that a task sleeps in, by its type. Requires that it does.
template <class Op>
[[gnu::always_inline]] inline Op& operation_of(const task_node& task) noexcept {
  return static_cast<Op&>(*static_cast<operation*>(task.waiting));
}

// One that is found by its own address, such as by a timer or a completion: another word.
struct task_operation : operation {
  task_node* node;  // set by sleep()

  void sleep(task_node& task) noexcept {
    node = &task;
    operation::sleep(task);
  }

 protected:
  ~task_operation() = default;
};

// An operation as a coroutine awaits it. Op is the derived awaiter:
//   bool begin(task_node&)   starts it; false: it is complete, the task goes on
//   void set_cancelled()     its result becomes -ECANCELED
//   bool leave()             cancel() but for the result
template <class Op, class Base = operation>
class awaitable : public Base {
 public:
  bool await_ready() const noexcept { return false; }

  template <class Promise>
  [[gnu::always_inline]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept(
      noexcept(std::declval<Op&>().begin(self.promise().node()))) {
    task_node& task = self.promise().node();
    task.handle = self;
    if (task.owner->stop_requested()) [[unlikely]] {
      derived().set_cancelled();
      return false;
    }
    return derived().begin(task);
  }

 protected:
  ~awaitable() = default;

 private:
  Op& derived() noexcept { return static_cast<Op&>(*this); }
  bool cancel() noexcept final {
    derived().set_cancelled();
    return derived().leave();
  }
};

}  // namespace tailrace::single
