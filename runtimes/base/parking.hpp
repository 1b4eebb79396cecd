// SPDX-License-Identifier: MIT
// Who of the workers sleeps, who looks for work, and who must be woken: three counters in one word.
// The rules, from Tokio's idle.rs and Go's proc.go:
// - at most half of the workers search at once;
// - a push wakes somebody only if nobody searches and somebody sleeps;
// - the last searcher to find work wakes another before it runs it (a chain, not a herd);
// - the last searcher to give up looks at all queues once more before it sleeps, and everybody
//   looks at the shared queue: else a push between the look and the sleep is lost.
// A wake-up is a token: the waker counts it, and whoever leaves its sleep first, for whatever
// reason, takes it and is a searcher then. So it does not matter whom the kernel wakes.
//
// Threads: any; a worker's own calls in the order try_search -> end_search or enter -> leave.
// Cost: one atomic read-modify-write a call; claim_wake() without need is a fence and a load.
#pragma once

#include <cstdint>

#include "runtimes/base/atomic.hpp"

namespace tailrace {

class parking {
 public:
  explicit parking(std::uint32_t workers) noexcept : workers_(workers) {}

  // True: the caller is a searcher until it calls end_search() or enter().
  bool try_search() noexcept {
    // relaxed: only a throttle; too many searchers for a moment do no harm.
    if (2 * searching(state_.load(std::memory_order_relaxed)) >= workers_) return false;
    state_.fetch_add(one_searching, std::memory_order_seq_cst);  // seq_cst: see enter()
    return true;
  }

  // A searcher has found work. True: it was the last, and should wake another.
  bool end_search() noexcept {
    // seq_cst: see enter().
    return searching(state_.fetch_sub(one_searching, std::memory_order_seq_cst)) == 1;
  }

  // The caller goes to sleep. True: it was the last searcher and must look at all queues again;
  // the shared queue must be looked at again by everybody.
  bool enter(bool was_searching) noexcept {
    // seq_cst: Dekker with claim_wake(). Either that sees this sleeper, or the caller's next look
    // at the queues sees what was pushed before that.
    const std::uint64_t change = one_sleeping - (was_searching ? one_searching : 0);
    const std::uint64_t before = state_.fetch_add(change, std::memory_order_seq_cst);
    fence();
    return was_searching && searching(before) == 1;
  }

  // The caller is awake again. True: it takes a wake-up token and is a searcher now.
  bool leave() noexcept {
    std::uint64_t seen = state_.load(std::memory_order_relaxed);  // relaxed: only compared
    for (;;) {
      const bool token = tokens(seen) > 0;
      const std::uint64_t next = seen - (token ? one_token : one_sleeping);
      // acq_rel: acquire pairs with claim_wake(): what was pushed before is found.
      if (state_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                       std::memory_order_relaxed))
        return token;
    }
  }

  // After a push. True: the caller must wake one sleeper, whichever.
  bool claim_wake() noexcept {
    fence();                                                      // seq_cst: Dekker with enter()
    std::uint64_t seen = state_.load(std::memory_order_relaxed);  // relaxed: ordered by the fence
    for (;;) {
      if (sleeping(seen) == 0 || searching(seen) > 0) return false;
      const std::uint64_t next = seen - one_sleeping + one_searching + one_token;
      // acq_rel: release pairs with leave().
      if (state_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                       std::memory_order_relaxed))
        return true;
    }
  }

  // Hints.
  bool has_token() const noexcept {
    return tokens(state_.load(std::memory_order_relaxed)) > 0;  // relaxed: a hint
  }
  std::uint32_t sleepers() const noexcept {
    return sleeping(state_.load(std::memory_order_relaxed));  // relaxed: a hint
  }

 private:
  static constexpr std::uint64_t mask = (1U << 20U) - 1;
  static constexpr std::uint64_t one_sleeping = 1;
  static constexpr std::uint64_t one_searching = 1ULL << 20U;
  static constexpr std::uint64_t one_token = 1ULL << 40U;

  static std::uint32_t sleeping(std::uint64_t state) noexcept {
    return static_cast<std::uint32_t>(state & mask);
  }
  static std::uint32_t searching(std::uint64_t state) noexcept {
    return static_cast<std::uint32_t>((state >> 20U) & mask);
  }
  static std::uint32_t tokens(std::uint64_t state) noexcept {
    return static_cast<std::uint32_t>((state >> 40U) & mask);
  }
  // seq_cst: enter() and claim_wake() are each other's partners.
  static void fence() noexcept { atomic_fence(std::memory_order_seq_cst); }

  const std::uint32_t workers_;
  // Sleepers without a token, searchers (those with a token included), tokens not yet taken.
  atomic<std::uint64_t> state_{0};
};

}  // namespace tailrace
