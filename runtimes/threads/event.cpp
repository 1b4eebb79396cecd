// SPDX-License-Identifier: MIT
#include "runtimes/threads/event.hpp"

#include <cerrno>
#include <utility>

#include "runtimes/base/check.hpp"

namespace tailrace::threads {

event::~event() {
  TAILRACE_CHECK(waiter_ == nullptr);
}

void event::set() noexcept {
  blocking_task* woken = nullptr;
  {
    const std::lock_guard lock(mutex_);
    woken = std::exchange(waiter_, nullptr);
    if (woken == nullptr) set_ = true;
  }
  // Unlocked: the event may be gone as soon as the waiter runs. The waiter itself cannot be: who
  // is no longer waiter_ leaves block() only after this.
  if (woken != nullptr) woken->signal();
}

io_result event::block(task_node& node) {
  blocking_task& task = blocking_task_of(node);
  if (task.refusal != 0) [[unlikely]]
    return io_result::of_error(task.refusal);
  if (node.owner->stop_requested()) return io_result::of_error(ECANCELED);
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(set_, false)) return {};
    TAILRACE_CHECK(waiter_ == nullptr);  // one waiter at a time
    waiter_ = &task;
  }
  task.await_signal_or_stop();
  {
    const std::lock_guard lock(mutex_);
    if (waiter_ == &task) {  // No set() came: it was the stop.
      waiter_ = nullptr;
      return io_result::of_error(ECANCELED);
    }
  }
  task.await_signal();  // Where both came, the set() may still be on its way to signal().
  return {};
}

}  // namespace tailrace::threads
