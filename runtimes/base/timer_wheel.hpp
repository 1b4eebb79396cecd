// SPDX-License-Identifier: MIT
// A hierarchical timing wheel: arm and cancel are O(1) and allocate nothing, whatever the number of
// timers; a timer is moved at most once a level on its way to expiry. 9 levels of 64 slots; a slot
// of level 0 is a tick of 2^13 ns (8.192 us), of level n 64^n ticks: together every deadline that
// the clock can express. A deadline is rounded up to a tick, so a timer is late by up to a tick and
// never early.
//
// A node lies on the level of the highest group of 6 bits in which its tick differs from the
// current one, in the slot that this group names. So all nodes of a level expire before any of the
// level above, and the next slot is two count-trailing-zeros away.
//
// One thread at a time; who shares a wheel locks around every call. The fields of a node belong to
// the wheel from arm() until it is cancelled or taken, and are read by nobody else; what derives
// from the node is the caller's. 24 bytes a node, 4.7 KB a wheel.
// Source: Varghese and Lauck, "Hashed and hierarchical timing wheels" (scheme 7); levels by
// differing bits as in Tokio's runtime/time/wheel.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "base/timer_window.hpp"

namespace tailrace {

struct wheel_node {
  wheel_node* next = nullptr;
  wheel_node** back = nullptr;  // what points to this node; null: not armed
  std::int64_t deadline_ns = 0;
};
static_assert(sizeof(wheel_node) == 24);

class timer_wheel {
 public:
  using time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::nanoseconds tick{1 << 13};

  // now: where the wheel stands at first.
  explicit timer_wheel(time now = {}) noexcept : current_(ticks_before(now)) {}
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;
  ~timer_wheel() { TAILRACE_DCHECK(size_ == 0); }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  static bool armed(const wheel_node& node) noexcept { return node.back != nullptr; }

  // The tick at which a timer with this deadline expires.
  static time expiry_of(time deadline) noexcept {
    return time_of(tick_of(nanoseconds_of(deadline)));
  }

  // node must not be armed, and stays where it is until it is taken or cancelled. A deadline in the
  // past is fine: the node is taken next.
  void arm(wheel_node& node, time deadline) noexcept {
    TAILRACE_DCHECK(!armed(node));
    node.deadline_ns = nanoseconds_of(deadline);
    place(node, late_);
    ++size_;
  }

  void cancel(wheel_node& node) noexcept {
    TAILRACE_CHECK(armed(node));
    *node.back = node.next;
    if (node.next != nullptr)
      node.next->back = node.back;
    else if (node.back >= slots_.data() && node.back < slots_.data() + slots_.size())
      set_vacant(static_cast<std::size_t>(node.back - slots_.data()));
    node.back = nullptr;
    --size_;
  }

  // When to call take_expired() again: not after the first expiry, and before it only if more than
  // `looked_at_most` timers share its slot. time::max() if nothing is armed; in the past if there
  // is something to take already.
  time next_expiry() const noexcept {
    if (size_ == 0) return time::max();
    if (due_ != nullptr || late_ != nullptr) return time_of(current_);
    const std::size_t slot = first_slot();
    std::uint64_t earliest = UINT64_MAX;
    const wheel_node* node = slots_[slot];
    for (int looked_at = 0; node != nullptr; node = node->next) {
      if (++looked_at > looked_at_most) return time_of(start_of(slot));
      earliest = std::min(earliest, tick_of(*node));
    }
    return time_of(earliest);
  }

  // When a loop that waits for these timers alone should wake: not before the first expiry (as
  // above), and not more than the window after it. A window ends with the 64 ticks of level 0 that
  // the first expiry lies in. Costs no more than next_expiry().
  time wake_time(const timer_window& window) const noexcept {
    const time first = next_expiry();
    if (size_ == 0 || due_ != nullptr || late_ != nullptr) return first;
    const std::size_t slot = first_slot();
    const auto ticks = static_cast<std::size_t>(window.length / tick);
    if (slot < level_slots) {
      const std::size_t end = std::min(slot + ticks, level_slots - 1);
      const std::uint64_t within = occupied_[0] << (level_slots - 1 - end);
      const auto last = end - static_cast<std::size_t>(std::countl_zero(within));
      return window.wake_between(first, time_of(start_of(last)));
    }
    // A slot of a higher level: many timers, or a few that next_expiry() has looked at.
    std::uint64_t last = 0;
    const std::uint64_t start = start_of(slot);
    int looked_at = 0;
    for (const wheel_node* node = slots_[slot]; node != nullptr; node = node->next) {
      if (++looked_at > looked_at_most) return window.wake_between(first, time_of(start + ticks));
      const std::uint64_t at = tick_of(*node);
      if (time_of(at) <= window.end_from(first)) last = std::max(last, at);
    }
    return window.wake_between(first, time_of(last));
  }

  // A timer whose deadline is not after now, disarmed; null if there is none. Those that were armed
  // in time come in the order of their ticks. now: a reading of the clock; one older than an
  // earlier call's counts as that.
  wheel_node* take_expired(time now) noexcept {
    if (due_ == nullptr) {
      collect(ticks_before(now));
      if (due_ == nullptr) return nullptr;
    }
    wheel_node& expired = *due_;
    cancel(expired);
    return &expired;
  }

 private:
  static constexpr unsigned level_bits = 6;
  static constexpr std::size_t level_slots = 1U << level_bits;
  static constexpr unsigned levels = 9;  // 54 bits of ticks; 63 - 13 are needed
  static constexpr int looked_at_most = 8;

  static std::int64_t nanoseconds_of(time when) noexcept {
    const auto since =
        std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch());
    return since.count() < 0 ? 0 : since.count();
  }
  static std::uint64_t ticks_before(time when) noexcept {
    return static_cast<std::uint64_t>(nanoseconds_of(when) / tick.count());
  }
  static std::uint64_t tick_of(std::int64_t deadline_ns) noexcept {  // rounded up
    return (static_cast<std::uint64_t>(deadline_ns) + tick.count() - 1) /
           static_cast<std::uint64_t>(tick.count());
  }
  static std::uint64_t tick_of(const wheel_node& node) noexcept {
    return tick_of(node.deadline_ns);
  }
  static time time_of(std::uint64_t ticks) noexcept {
    constexpr auto last = static_cast<std::uint64_t>(INT64_MAX / tick.count());
    return ticks > last ? time::max() : time(tick * static_cast<std::int64_t>(ticks));
  }

  static void push(wheel_node*& list, wheel_node& node) noexcept {
    node.next = list;
    if (list != nullptr) list->back = &node.next;
    list = &node;
    node.back = &list;
  }

  // In its slot, or in `now` if its tick has come.
  void place(wheel_node& node, wheel_node*& now) noexcept {
    const std::uint64_t at = tick_of(node);
    if (at <= current_) return push(now, node);
    const unsigned highest = static_cast<unsigned>(std::bit_width(at ^ current_)) - 1;
    const unsigned level = highest / level_bits;
    const std::size_t in_level = (at >> (level * level_bits)) % level_slots;
    push(slots_[level * level_slots + in_level], node);
    occupied_[level] |= std::uint64_t{1} << in_level;
    levels_occupied_ |= 1U << level;
  }

  void set_vacant(std::size_t slot) noexcept {
    const std::size_t level = slot / level_slots;
    occupied_[level] &= ~(std::uint64_t{1} << slot % level_slots);
    if (occupied_[level] == 0) levels_occupied_ &= ~(1U << level);
  }

  // The slot that comes first; one is occupied.
  std::size_t first_slot() const noexcept {
    const auto level = static_cast<std::size_t>(std::countr_zero(levels_occupied_));
    return level * level_slots + static_cast<std::size_t>(std::countr_zero(occupied_[level]));
  }
  // The first tick of an occupied slot.
  std::uint64_t start_of(std::size_t slot) const noexcept {
    const std::size_t shift = slot / level_slots * level_bits;
    const std::uint64_t above = current_ >> (shift + level_bits) << (shift + level_bits);
    return above | (slot % level_slots) << shift;
  }

  // due_ is empty: the first tick up to now that has nodes moves there, and what was armed too late
  // comes before it. Both at once, so that late ones, armed again and again, do not hold up others.
  void collect(std::uint64_t now) noexcept {
    while (levels_occupied_ != 0 && due_ == nullptr) {
      const std::size_t slot = first_slot();
      const std::uint64_t start = start_of(slot);
      if (start > now) break;
      current_ = start;
      wheel_node* node = slots_[slot];
      slots_[slot] = nullptr;
      set_vacant(slot);
      while (node != nullptr) {
        wheel_node& moved = *node;
        node = node->next;
        place(moved, due_);
      }
    }
    if (due_ == nullptr) current_ = std::max(current_, now);
    while (late_ != nullptr) {
      wheel_node& moved = *late_;
      late_ = moved.next;
      push(due_, moved);
    }
  }

  std::uint64_t current_;  // the tick it has come to; slots start after it
  std::size_t size_ = 0;
  std::uint32_t levels_occupied_ = 0;             // one bit a level
  std::array<std::uint64_t, levels> occupied_{};  // one bit a slot
  wheel_node* due_ = nullptr;                     // of one tick, being taken
  wheel_node* late_ = nullptr;                    // armed when their tick had come
  std::array<wheel_node*, levels * level_slots> slots_{};
};

}  // namespace tailrace
