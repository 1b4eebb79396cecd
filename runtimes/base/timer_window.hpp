// SPDX-License-Identifier: MIT
// How long a loop may sleep beyond the first timer that expires, so that one wake-up serves those
// that expire soon after it. What is saved is wake-ups, the dearest part of a timer that fires;
// what it costs is lateness: a timer fires up to `length` after its deadline, never before it. A
// timer without others close to it costs nothing more: the loop wakes no later than the last one
// that lies in the window.
//
// `slack` is by how much the kernel delays the wait anyhow (PR_SET_TIMERSLACK, 50 us by default;
// epoll is subject to it, io_uring is not). It counts as part of the window: the loop asks for an
// earlier time, and the kernel picks one within the slack. Values.
#pragma once

#include <chrono>

namespace tailrace {

struct timer_window {
  // Why 50 us: runtimes/README.md, "Timers".
  static constexpr std::chrono::microseconds default_length{50};

  std::chrono::nanoseconds length = default_length;
  std::chrono::nanoseconds slack{0};

  using time = std::chrono::steady_clock::time_point;

  // The end of the window that begins there.
  time end_from(time first) const noexcept {
    return first > time::max() - length ? time::max() : first + length;
  }
  // When to wake where the first timer expires at `first` and the last of the window at `last`,
  // not before the first. They are close, however far from now: no difference overflows.
  time wake_between(time first, time last) const noexcept {
    return last - first > slack ? last - slack : first;
  }
};

// The other way to a window, for a library that keeps exact deadlines: round each up, to a multiple
// of the window since the clock's epoch, so that those in between expire together, at most the
// window late. 0: as it is.
constexpr timer_window::time rounded_up(timer_window::time deadline,
                                        std::chrono::nanoseconds window) noexcept {
  const auto since = deadline.time_since_epoch();
  if (window.count() == 0 || since.count() <= 0 || since > since.max() - window) return deadline;
  const auto beyond = since % window;
  return beyond.count() == 0 ? deadline : deadline + (window - beyond);
}

}  // namespace tailrace
