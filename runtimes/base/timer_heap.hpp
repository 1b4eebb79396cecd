// SPDX-License-Identifier: MIT
// A 4-ary min-heap of deadlines. One thread; who shares a heap locks around every call. Insert,
// cancel and expire are O(log4 n) and touch one cache line of keys a level; the timers themselves
// live in the sleepers and are not touched while they sleep, except for the index that makes
// cancellation O(log n). Memory: 16 bytes an armed timer; the vector's slack is address space.
//
// Not a hierarchical wheel: that moves all timers of a slot at once when their time comes near.
// With a million sleepers within 4 s the moves held up 1 % of them by 16 ms and more, where the
// heap's p99 was 88 us; to arm and cancel took 42 ns against 33 ns with a thousand armed and 97
// against 95 with 100,000 (with the task's life; workload `timer`, g++ 12 -O2).
// Source: LaMarca and Ladner, "The influence of caches on the performance of heaps" (d-ary heaps).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtimes/base/check.hpp"
#include "runtimes/base/timer_window.hpp"

namespace tailrace {

struct timer_node {
  static constexpr std::uint32_t not_armed = UINT32_MAX;
  std::uint32_t heap_index = not_armed;
};

class timer_heap {
 public:
  using time = std::chrono::steady_clock::time_point;

  static bool armed(const timer_node& node) noexcept {
    return node.heap_index != timer_node::not_armed;
  }
  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  // time::max() if nothing is armed.
  time next_deadline() const noexcept {
    return entries_.empty() ? time::max() : entries_.front().deadline;
  }

  // When a loop that waits for these timers alone should wake: not before the first deadline, and
  // not more than the window after it. Told from the first five timers: where two follow the first
  // within the window, more do.
  time wake_time(const timer_window& window) const noexcept {
    if (entries_.empty()) return time::max();
    const time first = entries_.front().deadline;
    const time end = window.end_from(first);
    time last = first;
    int close = 0;
    for (std::size_t child = 1; child < std::min<std::size_t>(5, entries_.size()); ++child) {
      const time deadline = entries_[child].deadline;
      if (deadline > end) continue;
      last = ++close > 1 ? end : deadline;
    }
    return window.wake_between(first, last);
  }

  // node must stay where it is until it expires or is cancelled.
  void arm(timer_node& node, time deadline) {
    TAILRACE_DCHECK(node.heap_index == timer_node::not_armed);
    TAILRACE_CHECK_VALUES(entries_.size() < timer_node::not_armed, entries_.size(), 0);
    if (entries_.capacity() == 0) [[unlikely]]
      entries_.reserve(first_room);
    entries_.push_back({deadline, &node});
    sift_up(entries_.size() - 1, {deadline, &node});
  }

  void cancel(timer_node& node) noexcept {
    const std::size_t hole = node.heap_index;
    TAILRACE_CHECK_VALUES(hole < entries_.size(), hole, entries_.size());
    node.heap_index = timer_node::not_armed;
    const entry last = entries_.back();
    entries_.pop_back();
    if (hole == entries_.size()) return;
    if (hole > 0 && last.deadline < entries_[parent(hole)].deadline)
      sift_up(hole, last);
    else
      sift_down(hole, last);
  }

  // The earliest timer, disarmed, if its deadline is not after now; else null.
  timer_node* take_expired(time now) noexcept {
    if (entries_.empty() || entries_.front().deadline > now) return nullptr;
    timer_node* expired = entries_.front().node;
    cancel(*expired);
    return expired;
  }

 private:
  struct entry {
    time deadline;
    timer_node* node;
  };

  // So many that malloc maps the vector from the first on: pages of it that are not used yet are no
  // memory, and what it grows out of is unmapped. From its heap, the vector would leave holes there
  // of as many bytes as it has.
  static constexpr std::size_t first_room = 16384;

  static constexpr std::size_t parent(std::size_t index) noexcept { return (index - 1) / 4; }

  void place(std::size_t index, entry value) noexcept {
    entries_[index] = value;
    value.node->heap_index = static_cast<std::uint32_t>(index);
  }

  void sift_up(std::size_t index, entry value) noexcept {
    while (index > 0 && value.deadline < entries_[parent(index)].deadline) {
      place(index, entries_[parent(index)]);
      index = parent(index);
    }
    place(index, value);
  }

  void sift_down(std::size_t index, entry value) noexcept {
    for (;;) {
      const std::size_t first = 4 * index + 1;
      if (first >= entries_.size()) break;
      const std::size_t end = first + 4 < entries_.size() ? first + 4 : entries_.size();
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child)
        if (entries_[child].deadline < entries_[least].deadline) least = child;
      if (entries_[least].deadline >= value.deadline) break;
      place(index, entries_[least]);
      index = least;
    }
    place(index, value);
  }

  std::vector<entry> entries_;
};

}  // namespace tailrace
