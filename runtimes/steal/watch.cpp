// SPDX-License-Identifier: MIT
// What idle workers do for a worker that is held by a long poll: its timers, its reactor (where it
// has one of its own), its LIFO slot (where that is stealable). Its queue needs no help: thieves
// take from it. One idle worker at a time watches, every millisecond while others are awake, and
// goes to sleep for good some milliseconds after the last of them has.
#include <array>
#include <utility>

#include "runtimes/steal/runtime.hpp"

namespace tailrace::steal {
namespace {

constexpr int watches_until_idle = 10;

}  // namespace

// About to sleep. True: this worker is the watcher.
bool worker::begin_watch() noexcept {
  const bool others_awake = runtime_.parking_.sleepers() < runtime_.workers_.size();
  idle_watches_ = others_awake ? 0 : idle_watches_ + 1;
  if (idle_watches_ > watches_until_idle) return false;
  // acq_rel: one watcher at a time, which sees what the one before it wrote.
  watching_ = !runtime_.watcher_.exchange(true, std::memory_order_acq_rel);
  return watching_;
}

// Awake again.
void worker::watch(clock::time_point now) noexcept {
  for (const auto& each : runtime_.workers_) {
    worker& other = *each;
    if (&other == this || other.parked()) continue;
    const std::uint64_t polls = other.counters_.polls.get();
    if (std::exchange(other.watched_polls_, polls) == polls) rescue(other, now);
  }
  watching_ = false;
  runtime_.watcher_.store(false, std::memory_order_release);  // release: see begin_watch()
}

void worker::rescue(worker& held, clock::time_point now) noexcept {
  const std::uint32_t before = queue_.size();
  if (held.timers_.next_expiry() <= now) expire_timers(held, now);
  if (&held.reactor_ != &reactor_) {
    std::array<epoll_event, batch_events> events;
    dispatch(std::span(events).first(held.reactor_.poll(events)), false);
  }
  if (runtime_.options_.lifo == lifo_mode::stealable) {
    // acq_rel: pairs with schedule_here() and take_lifo().
    task_node* const node = held.lifo_.exchange(nullptr, std::memory_order_acq_rel);
    if (node != nullptr) push(*node);
  }
  if (queue_.size() > before) counters_.rescues.add(1);
}

// About to run tasks, or a timer was armed: somebody should watch meanwhile.
void worker::ask_for_watch() noexcept {
  // relaxed: hints; a watcher too many is refused by begin_watch().
  if (runtime_.watcher_.load(std::memory_order_relaxed) || runtime_.parking_.sleepers() == 0)
    return;
  if (runtime_.needs_watch()) runtime_.wake_sleeper();
}

}  // namespace tailrace::steal
