// SPDX-License-Identifier: MIT
// What idle workers do for a worker that is held by a long poll: they expire its timers, poll its
// reactor (where it has one of its own) and take the task in its LIFO slot (where that is
// stealable). Its queue needs no help: thieves take from it. One idle worker at a time is the
// sysmon: it looks every millisecond while others are awake, and sleeps without a time limit some
// milliseconds after the last of them has fallen asleep.
#include <array>
#include <utility>

#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {
namespace {

constexpr int looks_until_idle = 10;

}  // namespace

// About to sleep. True: this worker is the sysmon.
bool worker::begin_sysmon() noexcept {
  const bool others_awake = scheduler_.parking_.sleepers() < scheduler_.workers_.size();
  idle_looks_ = others_awake ? 0 : idle_looks_ + 1;
  if (idle_looks_ > looks_until_idle) return false;
  // acq_rel: one sysmon at a time, which sees what the one before it wrote.
  is_sysmon_ = !scheduler_.sysmon_taken_.exchange(true, std::memory_order_acq_rel);
  return is_sysmon_;
}

// Awake again.
void worker::sysmon(clock::time_point now) noexcept {
  for (const auto& each : scheduler_.workers_) {
    worker& other = *each;
    if (&other == this || other.parked()) continue;
    const std::uint64_t polls = other.counters_.polls.get();
    if (std::exchange(other.polls_seen_, polls) == polls) retake(other, now);
  }
  is_sysmon_ = false;
  scheduler_.sysmon_taken_.store(false, std::memory_order_release);  // release: see begin_sysmon()
}

void worker::retake(worker& held, clock::time_point now) noexcept {
  const std::uint32_t before = queue_.size();
  if (held.timers_.next_expiry() <= now) expire_timers(held, now);
  if (&held.reactor_ != &reactor_) {
    std::array<epoll_event, batch_events> events;
    dispatch(std::span(events).first(held.reactor_.poll(events)), false);
  }
  if (scheduler_.options_.lifo == lifo_mode::stealable) {
    // acq_rel: pairs with schedule_here() and take_lifo().
    task_node* const node = held.lifo_.exchange(nullptr, std::memory_order_acq_rel);
    if (node != nullptr) push(*node);
  }
  if (queue_.size() > before) counters_.retakes.add(1);
}

// About to run tasks, or a timer was armed: there should be a sysmon meanwhile.
void worker::ask_for_sysmon() noexcept {
  // relaxed: hints; begin_sysmon() refuses a second one.
  if (scheduler_.sysmon_taken_.load(std::memory_order_relaxed) ||
      scheduler_.parking_.sleepers() == 0)
    return;
  if (scheduler_.needs_sysmon()) scheduler_.wake_sleeper();
}

}  // namespace tailrace::steal
