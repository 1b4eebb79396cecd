// SPDX-License-Identifier: MIT
// The auto-reset event of a loop with one thread (extensions.hpp says what one promises). One
// thread: the loop's. Cost: set() is a few stores and an insertion into the ready queue; nothing is
// allocated.
#pragma once

#include <cerrno>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/single/loop.hpp"

namespace tailrace::single {

class event {
 public:
  class awaiter;

  explicit event(loop& owner) noexcept : loop_(owner) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event() { TAILRACE_CHECK(waiter_ == nullptr); }

  void set() noexcept;
  awaiter wait() noexcept;

 private:
  loop& loop_;
  task_node* waiter_ = nullptr;  // never together with set_
  bool set_ = false;
};

class event::awaiter final : public awaitable<awaiter> {
 public:
  explicit awaiter(event& awaited) noexcept : event_(awaited) {}

  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : io_result();
  }

  bool begin(task_node& waiter) noexcept {
    if (std::exchange(event_.set_, false)) return event_.loop_.takes_turns(waiter);
    TAILRACE_CHECK(event_.waiter_ == nullptr);  // one waiter at a time
    event_.waiter_ = &waiter;
    sleep(waiter);
    return true;
  }
  void set_cancelled() noexcept { cancelled_ = true; }
  bool leave() noexcept {
    event_.waiter_ = nullptr;
    return true;
  }

 private:
  event& event_;
  bool cancelled_ = false;
};

inline void event::set() noexcept {
  if (waiter_ == nullptr) {
    set_ = true;
    return;
  }
  loop_.unblock(*std::exchange(waiter_, nullptr));
}

inline event::awaiter event::wait() noexcept {
  return awaiter(*this);
}

}  // namespace tailrace::single
