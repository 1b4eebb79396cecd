// SPDX-License-Identifier: MIT
// R::completion (scope.hpp) of runtimes whose tasks run on several threads: a one-shot event for
// the task that joins a scope, or for the end of the run. Any thread. Cost: an atomic
// read-modify-write each for wait() and set(). Scheduler:
//   schedule(task_node&)   the task may run now
//   main_ended()           no task lives any more: the run ends
#pragma once

#include <coroutine>

#include "runtimes/base/atomic.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace {

template <class Scheduler>
class completion {
 public:
  explicit completion(Scheduler& owner) noexcept : scheduler_(owner) {}

  bool wait(task_node& joiner, std::coroutine_handle<> handle) noexcept {
    joiner.handle = handle;
    void* seen = nullptr;
    // acq_rel: release publishes the handle to set(); acquire pairs with set() where it came first.
    if (word_.compare_exchange_strong(seen, &joiner, std::memory_order_acq_rel)) return true;
    word_.store(nullptr, std::memory_order_relaxed);  // relaxed: not used again before a join
    return false;
  }

  // relaxed: set() is called under the scope's mutex, as this is.
  void end_run() noexcept { word_.store(&scheduler_, std::memory_order_relaxed); }

  void set() noexcept {
    void* seen = nullptr;
    // acq_rel: pairs with wait().
    if (word_.compare_exchange_strong(seen, this, std::memory_order_acq_rel)) return;
    if (seen == &scheduler_) return scheduler_.main_ended();
    word_.store(nullptr, std::memory_order_relaxed);  // relaxed: schedule() publishes it
    scheduler_.schedule(*static_cast<task_node*>(seen));
  }

 private:
  Scheduler& scheduler_;
  // Null, the node of the task that waits, or one of two addresses that can be no node's: of this
  // object once it is set, of the scheduler where set() is to end the run.
  atomic<void*> word_{nullptr};
};

}  // namespace tailrace
