// SPDX-License-Identifier: MIT
// The sleeping tasks of one worker, under one lock. Any thread: the worker arms and expires, a
// cancelled task disarms from wherever it runs, and an idle worker expires in the place of one that
// is held by a long poll.
#pragma once

#include <chrono>
#include <mutex>

#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/steal/waiting.hpp"

namespace tailrace::steal {

// Lives in the sleeper's awaiter.
struct timer : timer_node {  // which fills half a word; fired the rest
  bool fired = false;        // written by the expirer before it schedules the task
  task_node* node = nullptr;
};

class timer_set {
 public:
  using time = std::chrono::steady_clock::time_point;

  explicit timer_set(sharing shared_by) noexcept : shared_by_(shared_by), lock_(shared_by) {}

  // The task's node.waiting is announced. False: its scope was asked to stop, and it must not
  // sleep. May throw std::bad_alloc; then nothing is armed.
  bool arm(timer& sleeper, time deadline) {
    const std::lock_guard guard(lock_);
    timers_.arm(sleeper, deadline);
    armed_.set(timers_.size());
    // expire() corrects one that a cancel left too early.
    if (deadline < next_expiry()) publish(deadline);
    if (!announce(*sleeper.node, on_node(), shared_by_)) [[likely]]
      return true;
    // Where a cancel has taken the mark already, the task is queued: it must suspend.
    if (!claim_on_node(*sleeper.node, shared_by_)) return true;
    timers_.cancel(sleeper);
    armed_.set(timers_.size());
    return false;
  }

  // By the task, when it was woken and `fired` is not set: its sleep was cancelled.
  void disarm(timer& sleeper) noexcept {
    const std::lock_guard guard(lock_);
    if (!timer_heap::armed(sleeper)) return;
    timers_.cancel(sleeper);
    armed_.set(timers_.size());
  }

  // Calls wake(task_node&) for at most `most` sleepers whose deadline has passed.
  template <class Wake>
  std::size_t expire(time now, std::size_t most, Wake&& wake) noexcept {
    std::size_t woken = 0;
    const std::lock_guard guard(lock_);
    for (; most > 0; --most) {
      timer_node* const expired = timers_.take_expired(now);
      if (expired == nullptr) break;
      auto& sleeper = static_cast<timer&>(*expired);
      task_node& node = *sleeper.node;
      // The sleeper lives while this lock is held: a cancelled one must disarm() first.
      if (!claim_on_node(node, shared_by_)) continue;
      sleeper.fired = true;
      wake(node);
      ++woken;
    }
    publish(timers_.next_deadline());
    armed_.set(timers_.size());
    return woken;
  }

  // When to expire() again, never too late; time::max() where nothing sleeps. A hint for others
  // than the worker itself.
  time next_expiry() const noexcept {
    // relaxed: a hint.
    return time(time::duration(next_.load(std::memory_order_relaxed)));
  }
  // When the worker should wake if nothing else happens: see timer_heap.
  time wake_time(const timer_window& window) noexcept {
    if (next_expiry() == time::max()) return time::max();
    const std::lock_guard guard(lock_);
    publish(timers_.next_deadline());  // what a cancel left too early
    return timers_.wake_time(window);
  }
  // Timers in the heap. A statistic, for any thread.
  std::uint64_t armed() const noexcept { return armed_.get(); }
  std::size_t size() const noexcept {
    const std::lock_guard guard(lock_);
    return timers_.size();
  }

 private:
  void publish(time next) noexcept {
    next_.store(next.time_since_epoch().count(), std::memory_order_relaxed);  // relaxed: a hint
  }

  const sharing shared_by_;
  mutable spinlock lock_;
  timer_heap timers_;
  single_writer_counter armed_;  // written under the lock
  // Written under the lock; relaxed: a hint for next_expiry() of idle workers, nothing else.
  atomic<time::rep> next_{time::max().time_since_epoch().count()};
};

}  // namespace tailrace::steal
