// SPDX-License-Identifier: MIT
// oneshot<R, T>: one value from one task to another, once. Needs R::event.
//
// Threads: set() where R::event::set() may be called, wait() one task of R. The value is written
// before the event is set and read after the wait that this ends, so all that the sender did before
// set() happened before wait() returns. May be destroyed as soon as wait() returned a value; after
// -ECANCELED only when the sender is done with it too (a scope that owns both sees to that).
// Cost: that of the event; no allocation.
#pragma once

#include <coroutine>
#include <expected>
#include <optional>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/extensions.hpp"
#include "workloads/micro/suspend_in.hpp"

namespace tailrace {

template <class R, class T>
  requires HasEvent<R>
class oneshot {
  using event = typename R::event;
  using event_wait = decltype(std::declval<event&>().wait());

 public:
  explicit oneshot(R& runtime) : ready_(runtime) {}

  // Once.
  void set(T value) noexcept {
    TAILRACE_DCHECK(!value_);
    value_.emplace(std::move(value));
    ready_.set();
  }

  class wait_awaiter {
   public:
    explicit wait_awaiter(oneshot& awaited) noexcept
        : oneshot_(awaited), wait_(awaited.ready_.wait()) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
      return suspend_in(wait_, self);
    }
    std::expected<T, int> await_resume() {
      const io_result woken = wait_.await_resume();
      if (!woken.ok()) return std::unexpected(woken.error());
      return std::move(*oneshot_.value_);
    }

   private:
    oneshot& oneshot_;
    event_wait wait_;
  };

  // The value, or ECANCELED when the waiting task is stopped. Once.
  [[nodiscard]] wait_awaiter wait() noexcept { return wait_awaiter(*this); }

 private:
  std::optional<T> value_;
  event ready_;
};

}  // namespace tailrace
