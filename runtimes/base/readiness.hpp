// SPDX-License-Identifier: MIT
// One direction of one descriptor, as the poller and the task that uses it see it: is it ready, who
// waits for it, is somebody in the middle of a system call on it? One word, so that no event is
// lost between a call that would block and the wait that follows, a wake-up goes to exactly one of
// event, cancel and close, and a descriptor is not closed (and its number not reused) while a call
// on it is under way.
//
//   idle        nothing known, nobody waits
//   ready       an event came: the next attempt may succeed
//   busy        somebody owns the direction: between a wake-up or begin() and finish() or block()
//   busy_ready  ... and an event came meanwhile
//   closed      no more attempts
//   a waiter    a task sleeps here; the word is its address
//
// Threads: signal(), signal_only() and close() from any thread; the rest belongs to whoever owns
// the direction, or to the one task that may use it next.
// Source: pollDesc of Go's netpoll (one word: nil, ready, or who waits), with the owner added.
#pragma once

#include <cstdint>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

enum class attempt_start : std::uint8_t { owned, must_wait, closed };

template <class Waiter>
class readiness {
 public:
  // Before any other thread can refer to the descriptor.
  void open(bool is_ready) noexcept {
    // relaxed: the registration with epoll, or the task's queue, hands the object on.
    word_.store(is_ready ? ready : idle, std::memory_order_relaxed);
  }

  // The poller: an event came. The waiter that must run now, and owns the direction; or null.
  Waiter* signal() noexcept { return wake(nullptr); }

  // A cancel of `only`, which may be about to wait here, wait here, or be long gone: as signal(),
  // but does not wake any other waiter; a spurious event is harmless.
  bool signal_only(Waiter& only) noexcept { return wake(&only) != nullptr; }

  // The task may try the system call if `owned`.
  attempt_start begin() noexcept {
    // acquire: pairs with the release in wake(), so that what the event published is seen.
    word seen = word_.load(std::memory_order_acquire);
    while (seen == ready)
      if (change(seen, busy)) return attempt_start::owned;
    return seen == closed ? attempt_start::closed : attempt_start::must_wait;
  }

  // Before the first attempt, where begin() said must_wait. must_wait: `waiter` sleeps, and may
  // be running elsewhere by now.
  attempt_start wait(Waiter& waiter) noexcept {
    // relaxed: the value is only compared; change() orders.
    word seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (seen == closed) return attempt_start::closed;
      if (seen == ready) {
        if (change(seen, busy)) return attempt_start::owned;
      } else if (change(seen, word_of(waiter))) {
        return attempt_start::must_wait;
      }
    }
  }

  // The owner's attempt would block. must_wait: `waiter` sleeps; owned: an event came meanwhile,
  // try again; closed: the owner must drop its reference to the descriptor.
  attempt_start block(Waiter& waiter) noexcept {
    word seen = word_.load(std::memory_order_relaxed);  // relaxed: only compared
    for (;;) {
      if (seen == closed) return attempt_start::closed;
      const bool again = seen == busy_ready;
      if (change(seen, again ? busy : word_of(waiter)))
        return again ? attempt_start::owned : attempt_start::must_wait;
    }
  }

  // The owner's attempt is over. still_ready: the next one may succeed without an event. False:
  // closed meanwhile, and the owner must drop its reference to the descriptor. Inline by force:
  // twice a message.
  [[gnu::always_inline]] bool finish(bool still_ready) noexcept {
    word seen = word_.load(std::memory_order_relaxed);  // relaxed: only compared
    for (;;) {
      if (seen == closed) return false;
      const bool now_ready = still_ready || seen == busy_ready;
      if (change(seen, now_ready ? ready : idle)) return true;
    }
  }

  struct closing {
    Waiter* waiter;  // must be run; owns the direction, and finds it closed
    bool owned;      // by an attempt under way or by `waiter`, who drops its reference later
    bool before;     // it was closed already; the rest is void
  };
  // Afterwards only `waiter`, or the attempt under way, owns the direction.
  closing close() noexcept {
    // acq_rel: acquire pairs with the release of the waiter's wait(); release with the owner's
    // acquire when it finds the direction closed.
    const word seen = word_.exchange(closed, std::memory_order_acq_rel);
    Waiter* const waiter = waiter_of(seen);
    return {waiter, waiter != nullptr || seen == busy || seen == busy_ready, seen == closed};
  }

  // For whoever owns the direction: has it been closed? Saves an attempt, no more.
  bool looks_closed() const noexcept {
    return word_.load(std::memory_order_relaxed) == closed;  // relaxed: a hint
  }

 private:
  using word = std::uintptr_t;
  static constexpr word idle = 0;
  static constexpr word ready = 1;
  static constexpr word busy = 2;
  static constexpr word busy_ready = 3;
  static constexpr word closed = 5;
  static constexpr word settled = 1;  // the bit of those that an event does not change
  static constexpr word first_waiter = 8;

  static word word_of(Waiter& waiter) noexcept { return reinterpret_cast<word>(&waiter); }
  static Waiter* waiter_of(word seen) noexcept {
    return seen >= first_waiter ? reinterpret_cast<Waiter*>(seen) : nullptr;
  }

  // With `only`, no other waiter is woken.
  Waiter* wake(Waiter* only) noexcept {
    word seen = word_.load(std::memory_order_relaxed);  // relaxed: only compared
    for (;;) {
      if ((seen & settled) != 0) return nullptr;
      Waiter* const waiter = waiter_of(seen);
      if (only != nullptr && waiter != nullptr && waiter != only) return nullptr;
      const word next = waiter != nullptr ? busy : seen == busy ? busy_ready : ready;
      if (change(seen, next)) return waiter;
    }
  }

  // False, and `seen` updated, if the word is not `seen` any more.
  bool change(word& seen, word next) noexcept {
    // acq_rel: each change of owner publishes what the last one wrote (the operation, the event's
    // flags) to the next: wait() -> wake(), wake() -> begin(), finish() -> begin().
    return word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                       std::memory_order_acquire);
  }

  atomic<word> word_{idle};
};

}  // namespace tailrace
