// SPDX-License-Identifier: MIT
// What the runtimes with one thread share: tasks that are ready, how an operation resumes or is
// cancelled, and how many a task may complete in a row. What waits for the kernel, the poller, is
// each runtime's own and derives from this.
//
// Threads: everything belongs to the thread that calls run(), except ask_to_stop() and counters.
// No locks, no atomic read-modify-write. Sources: smol's LocalExecutor; Tokio's coop budget.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/check.hpp"
#include "runtimes/base/mutex.hpp"
#include "runtimes/base/ready_queue.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/single/awaiters.hpp"
#include "runtimes/single/counters.hpp"
#include "runtimes/single/operation.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::single {

class loop {
 public:
  static constexpr bool single_threaded = true;
  static constexpr int coop_budget = 128;  // Tokio's; operations a task may complete in a row

  using mutex_type = no_mutex;
  class completion;

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  // For scope<R>.
  void start(task_node& node) noexcept {
    counters_.tasks.spawned.add(1);
    ready_.push(node);
  }
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }
  void cancel(task_node& node) noexcept {
    if (node.waiting == nullptr || !operation_of<operation>(node).cancel()) return;
    unblock(node);
  }

  // For awaiters: of a task that sleeps in no operation.
  void make_ready(task_node& task) noexcept { ready_.push(task); }
  // Of a task that sleeps in an operation, which is complete.
  void unblock(task_node& task) noexcept {
    task.waiting = nullptr;
    ready_.push(task);
  }
  // True if the running task may complete another operation without going through the loop.
  bool within_budget() noexcept { return --budget_ > 0; }
  // Of a task whose operation is complete before it waited. True: it has to wait all the same,
  // behind those that are ready; it has completed enough in a row.
  bool takes_turns(task_node& task) noexcept {
    if (within_budget()) [[likely]]
      return false;
    counters_.forced_yields.add(1);
    ready_.push(task);
    return true;
  }

 protected:
  loop() = default;
  ~loop() { TAILRACE_CHECK(ready_.empty()); }

  // While tasks keep each other ready, look for events after this many of them (Tokio: 61).
  static constexpr std::size_t ready_per_turn = 61;

  void run_ready() noexcept {
    std::size_t ran = 0;
    for (; ran < ready_per_turn && !ready_.empty(); ++ran)
      resume(ready_.pop().handle);
    counters_.polls.add(ran);
  }

  [[gnu::always_inline]] void resume(task_node& task) noexcept {
    task.waiting = nullptr;
    resume(task.handle);
  }
  [[gnu::always_inline]] void resume(std::coroutine_handle<> task) noexcept {
    budget_ = coop_budget;
    task.resume();
  }

  void expire(timer_heap& timers) noexcept {
    if (timers.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    // Bounded: tasks that go back to sleep on a past deadline must not keep the loop here.
    for (std::size_t armed = timers.size(); armed > 0; --armed) {
      timer_node* const expired = timers.take_expired(now);
      if (expired == nullptr) return;
      counters_.polls.add(1);
      resume(*static_cast<sleep_awaiter&>(*expired).node);
    }
  }

  // Any thread, which then wakes the loop.
  void ask_to_stop() noexcept {
    // release: pairs with the acquire load in pass_stop_on().
    stop_requested_.store(true, std::memory_order_release);
  }
  // Once woken; it may have been for something else.
  void pass_stop_on() noexcept {
    // acquire: pairs with the release store in ask_to_stop().
    if (stop_requested_.load(std::memory_order_acquire) && main_ != nullptr) main_->request_stop();
  }

  ready_queue ready_;
  scope_base* main_ = nullptr;  // while run() runs
  counters counters_;

 private:
  int budget_ = coop_budget;
  // release by ask_to_stop(), acquire by pass_stop_on(). What wakes the loop orders them too; the
  // flag says whether a wake-up was a stop.
  atomic<bool> stop_requested_{false};
};

// One-shot event for scope::join.
class loop::completion {
 public:
  explicit completion(loop& owner) noexcept : loop_(owner) {}
  bool wait(task_node& joiner, std::coroutine_handle<> handle) noexcept {
    joiner.handle = handle;
    joiner_ = &joiner;
    return true;  // set() comes later, from the last child, on this thread
  }
  void set() noexcept { loop_.make_ready(*joiner_); }

 private:
  loop& loop_;
  task_node* joiner_ = nullptr;
};

}  // namespace tailrace::single
