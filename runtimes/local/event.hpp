// SPDX-License-Identifier: MIT
// The auto-reset event of the local executor (extensions.hpp says what one promises). One thread:
// that of its runtime. Cost: set() is a few stores and an insertion into the ready queue; nothing
// is allocated.
#pragma once

#include <cerrno>
#include <coroutine>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/local/runtime.hpp"

namespace tailrace::local {

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
  runtime& runtime_;
  operation* waiter_ = nullptr;  // never together with set_
  bool set_ = false;
};

class event_awaiter final : operation {
 public:
  explicit event_awaiter(event& awaited) noexcept : operation(event_kind), event_(awaited) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : io_result();
  }

 private:
  static const operation_kind event_kind;

  bool begin(task_node& waiter) noexcept {
    if (waiter.owner->stop_requested()) [[unlikely]] {
      cancelled_ = true;
      return false;
    }
    if (event_.set_) {
      event_.set_ = false;
      if (event_.runtime_.within_budget()) return false;
      event_.runtime_.make_ready(*this);
      return true;
    }
    TAILRACE_CHECK(event_.waiter_ == nullptr);  // one waiter at a time
    event_.waiter_ = this;
    node = &waiter;
    waiter.waiting = static_cast<operation*>(this);
    return true;
  }

  static void abandon(operation& op) noexcept {
    auto& self = static_cast<event_awaiter&>(op);
    self.event_.waiter_ = nullptr;
    self.cancelled_ = true;
  }

  event& event_;
  bool cancelled_ = false;
};

inline constexpr operation_kind event_awaiter::event_kind{.abandon = &event_awaiter::abandon,
                                                          .attempt = nullptr};

inline void event::set() noexcept {
  if (waiter_ == nullptr) {
    set_ = true;
    return;
  }
  operation& woken = *std::exchange(waiter_, nullptr);
  woken.node->waiting = nullptr;
  runtime_.make_ready(woken);
}

inline event_awaiter event::wait() noexcept {
  return event_awaiter(*this);
}

}  // namespace tailrace::local
