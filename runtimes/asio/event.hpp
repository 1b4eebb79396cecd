// SPDX-License-Identifier: MIT
// The auto-reset event of the Boost.Asio runtimes (extensions.hpp says what one promises). One
// thread: that of its runtime. Cost: set() posts a handler.
#pragma once

#include <cerrno>
#include <coroutine>
#include <utility>

#include "asio/runtime.hpp"
#include "base/check.hpp"
#include "io_result.hpp"

namespace tailrace::asio {

class event_awaiter;

class event {
 public:
  explicit event(runtime& owner) noexcept : runtime_(owner) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event() { TAILRACE_CHECK(waiter_ == nullptr); }

  void set() noexcept;
  event_awaiter wait() noexcept;

 private:
  friend event_awaiter;
  // Takes the waiter out; it goes on in its turn.
  void wake() noexcept {
    operation& woken = *std::exchange(waiter_, nullptr);
    woken.node->waiting = nullptr;
    runtime_.post(woken.handle);
  }

  runtime& runtime_;
  operation* waiter_ = nullptr;  // never together with set_
  bool set_ = false;
};

class event_awaiter final : operation {
 public:
  explicit event_awaiter(event& awaited) noexcept : operation(&cancel_wait), event_(awaited) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept {
    return cancelled ? io_result::of_error(ECANCELED) : io_result();
  }

 private:
  bool begin(task_node& waiter) noexcept {
    if (waiter.owner->stop_requested()) [[unlikely]] {
      cancelled = true;
      return false;
    }
    if (std::exchange(event_.set_, false)) {
      event_.runtime_.post(handle);  // in its turn: nobody may go on without end
      return true;
    }
    TAILRACE_CHECK(event_.waiter_ == nullptr);  // one waiter at a time
    event_.waiter_ = this;
    runtime::suspend(*this, waiter);
    return true;
  }

  static void cancel_wait(operation& op) noexcept { static_cast<event_awaiter&>(op).event_.wake(); }

  event& event_;
};

inline void event::set() noexcept {
  if (waiter_ == nullptr)
    set_ = true;
  else
    wake();
}

inline event_awaiter event::wait() noexcept {
  return event_awaiter(*this);
}

}  // namespace tailrace::asio
