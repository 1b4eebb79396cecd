// SPDX-License-Identifier: MIT
// An auto-reset event of the work-stealing runtime: set() lets one wait() through, now or later; a
// second set() before that adds nothing. At most one task waits at a time.
//
// Threads: set(): tasks of the runtime, and any thread where options.foreign_threads says so.
// Cost: a short lock each, and a claim of the sleeper.
#pragma once

#include <coroutine>
#include <mutex>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {

class event {
 public:
  class wait_awaiter;

  explicit event(scheduler& owner) noexcept : scheduler_(owner), lock_(owner.shared_by()) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event() { TAILRACE_CHECK(waiter_ == nullptr); }

  void set() noexcept;
  // 0 when set; -ECANCELED when the task's scope is asked to stop.
  [[nodiscard]] wait_awaiter wait() noexcept;

 private:
  scheduler& scheduler_;
  spinlock lock_;  // guards the two below
  bool is_set_ = false;
  wait_awaiter* waiter_ = nullptr;
};

class event::wait_awaiter {
 public:
  explicit wait_awaiter(event& awaited) noexcept : event_(awaited) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    node_ = &self.promise().node();
    node_->handle = self;
    return begin();
  }
  io_result await_resume() noexcept {
    if (let_through_) [[likely]]
      return {};
    const std::lock_guard guard(event_.lock_);
    event_.waiter_ = nullptr;  // A cancel woke the task.
    return io_result::of_error(ECANCELED);
  }

 private:
  friend class event;
  bool begin() noexcept;

  event& event_;
  task_node* node_ = nullptr;
  bool let_through_ = false;  // by set(), under the lock, before it schedules the task
};

inline event::wait_awaiter event::wait() noexcept {
  return wait_awaiter(*this);
}

inline void event::set() noexcept {
  task_node* node = nullptr;
  {
    const std::lock_guard guard(lock_);
    // The waiter lives while the lock is held: a cancelled one must take it before it goes on.
    if (waiter_ == nullptr || !claim_on_node(*waiter_->node_, scheduler_.shared_by())) {
      is_set_ = true;
      return;
    }
    node = waiter_->node_;
    std::exchange(waiter_, nullptr)->let_through_ = true;
  }
  scheduler_.schedule(*node);
}

// False: no need to sleep.
inline bool event::wait_awaiter::begin() noexcept {
  const std::lock_guard guard(event_.lock_);
  if (node_->owner->stop_requested()) [[unlikely]]
    return false;
  if (event_.is_set_) {
    event_.is_set_ = false;
    let_through_ = true;
    return false;
  }
  TAILRACE_CHECK(event_.waiter_ == nullptr);  // one waiter at a time
  event_.waiter_ = this;
  if (!announce(*node_, on_node(), event_.scheduler_.shared_by())) [[likely]]
    return true;
  // Stopped meanwhile. Where a cancel has taken the mark already, the task is queued: suspend.
  return !claim_on_node(*node_, event_.scheduler_.shared_by());
}

}  // namespace tailrace::steal
