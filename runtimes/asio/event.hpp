// SPDX-License-Identifier: MIT
// The auto-reset event of the Boost.Asio runtimes (extensions.hpp says what one promises). Where
// the context is shared, any thread may set it, else its runtime's. Cost: set() posts a handler.
#pragma once

#include <cerrno>
#include <coroutine>
#include <mutex>
#include <utility>

#include "runtimes/asio/scheduler.hpp"
#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"

namespace tailrace::asio {

template <class Contexts>
class basic_event {
 public:
  class awaiter;

  explicit basic_event(basic_scheduler<Contexts>& owner) noexcept : scheduler_(owner) {}
  basic_event(const basic_event&) = delete;
  basic_event& operator=(const basic_event&) = delete;
  ~basic_event() { TAILRACE_CHECK(waiter_ == nullptr); }

  void set() noexcept;
  awaiter wait() noexcept { return awaiter(*this); }

 private:
  basic_scheduler<Contexts>& scheduler_;
  [[no_unique_address]] Contexts::short_lock lock_;  // guards the two below
  awaiter* waiter_ = nullptr;                        // one that a cancel woke stays until it runs
  bool set_ = false;
};

// Taken by set() or by cancel(), whoever claims the node first; both post the task.
template <class Contexts>
class basic_event<Contexts>::awaiter final : operation {
 public:
  explicit awaiter(basic_event& awaited) noexcept : operation(&cancel_wait), event_(awaited) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() noexcept {
    if (!cancelled) return {};
    const std::lock_guard guard(event_.lock_);
    if (event_.waiter_ == this) event_.waiter_ = nullptr;
    return io_result::of_error(ECANCELED);
  }

 private:
  friend basic_event;

  bool begin(task_node& waiter) noexcept {
    basic_scheduler<Contexts>& owner = event_.scheduler_;
    {
      task_claim<Contexts> claim(waiter, *this);
      const std::lock_guard guard(event_.lock_);
      if (claim.stop_requested()) [[unlikely]] {
        cancelled = true;
        return false;
      }
      if (!std::exchange(event_.set_, false)) {
        TAILRACE_CHECK(event_.waiter_ == nullptr);  // one waiter at a time
        event_.waiter_ = this;
        claim.sleep_in(*this);
        return true;
      }
    }
    owner.post(handle);  // in its turn: nobody may go on without end
    return true;
  }

  // False: a cancel has come first.
  bool take() noexcept {
    operation* const waiting = Contexts::claim(*node);
    Contexts::release(*node, waiting == this ? nullptr : waiting);
    return waiting == this;
  }

  static bool cancel_wait(operation& op) noexcept {
    auto& self = static_cast<awaiter&>(op);
    self.event_.scheduler_.post(self.handle);
    return true;
  }

  basic_event& event_;
};

template <class Contexts>
void basic_event<Contexts>::set() noexcept {
  awaiter* woken = nullptr;
  {
    const std::lock_guard guard(lock_);
    // The waiter lives while the lock is held: a cancelled one must take it before it goes on.
    if (waiter_ == nullptr || !waiter_->take()) {
      set_ = true;
      return;
    }
    woken = std::exchange(waiter_, nullptr);
  }
  scheduler_.post(woken->handle);
}

using event = basic_event<per_core>;

}  // namespace tailrace::asio
