// SPDX-License-Identifier: MIT
#include "runtimes/steal/worker.hpp"

#include <algorithm>
#include <array>

#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {
namespace {

using namespace std::chrono_literals;

// Tokio's figures: poll_sources() every 200 us of polls, at least 2 and at most 127 polls apart.
constexpr double target_ns = 200'000;
constexpr std::uint32_t first_interval = 61;
// Work of a held worker waits this long at least, twice this at most.
constexpr auto sysmon_period = 1ms;

std::uint64_t next_random(std::uint64_t& state) noexcept {  // xorshift64 (Marsaglia)
  state ^= state << 13U;
  state ^= state >> 7U;
  state ^= state << 17U;
  return state;
}

// The coroutine's resume function, the first word of its frame in the ABI that gcc and clang share.
const void* function_of(std::coroutine_handle<> handle) noexcept {
  return *static_cast<const void* const*>(handle.address());
}

}  // namespace

worker::worker(scheduler& owner, std::uint32_t index, reactor& events)
    : scheduler_(owner),
      reactor_(events),
      index_(index),
      single_threaded_(owner.shared_by() == sharing::one_thread),
      inlined_(owner.chosen().io == io_mode::inlined ||
               (owner.chosen().io == io_mode::automatic && owner.chosen().workers == 1)),
      interval_(owner.chosen().event_interval != 0 ? owner.chosen().event_interval
                                                   : first_interval),
      random_(0x9e3779b97f4a7c15ULL * (index + 1)),
      timers_(owner.shared_by()),
      window_{.length = owner.chosen().window},
      times_(owner.chosen().measure_tasks ? std::make_unique<task_times>() : nullptr) {}

void worker::run() {
  current_ = this;
  window_.slack = sys::timer_slack();  // of this thread
  awake_since_ = sources_polled_ = clock::now();
  ticks_left_ = interval_;
  while (!scheduler_.ended()) {
    task_node* node = next();
    if (node == nullptr) [[unlikely]] {
      node = search();
      if (node == nullptr) {
        park();
        continue;
      }
    } else if (searching_) [[unlikely]] {
      searching_ = false;
      if (scheduler_.parking_.end_search()) wake_another();
    }
    run_task(*node);
  }
  counters_.busy_ns.add(static_cast<std::uint64_t>((clock::now() - awake_since_).count()));
  running_.store(nullptr, std::memory_order_relaxed);  // relaxed: a hint
  current_ = nullptr;
  reactor_.wake();  // The next worker that sleeps here has to leave too.
}

task_node* worker::next() noexcept {
  if (ticks_left_-- == 0) [[unlikely]]
    poll_sources();
  if (task_node* const node = take_lifo()) return node;
  lifo_streak_ = 0;
  budget_ = scheduler_.options_.coop;
  task_node* const node = single_threaded_ ? queue_.pop_unshared() : queue_.pop();
  return node != nullptr ? node : take_shared();
}

// The slot's tasks share one budget, and after a few in a row the queue comes first: two tasks that
// wake each other must not starve the rest.
task_node* worker::take_lifo() noexcept {
  // relaxed: only this thread puts tasks there.
  task_node* node = lifo_.load(std::memory_order_relaxed);
  if (node == nullptr) return nullptr;
  if (scheduler_.options_.lifo == lifo_mode::stealable)
    node = lifo_.exchange(nullptr, std::memory_order_acq_rel);  // acq_rel: against retake()
  else
    lifo_.store(nullptr, std::memory_order_relaxed);  // relaxed: this thread alone
  if (node == nullptr) return nullptr;
  if (lifo_streak_++ < lifo_runs_max) {
    counters_.lifo_runs.add(1);
    return node;
  }
  push(*node);
  return nullptr;
}

task_node* worker::take_shared() noexcept {
  const std::size_t length = scheduler_.shared_.size();
  if (length == 0) [[likely]]
    return nullptr;
  const std::size_t share = length / scheduler_.options_.workers + 1;
  task_node* first = nullptr;
  // Some room is left, or the next push would send half of it back.
  const std::uint32_t room = queue_.room();
  scheduler_.shared_.take(std::min<std::size_t>(share, room - room / 8 + 1), [&](runnable& item) {
    task_node& node = static_cast<task_node&>(item);
    if (first == nullptr)
      first = &node;
    else
      push(node);
  });
  return first;
}

void worker::run_task(task_node& node) noexcept {
  if (times_ != nullptr) [[unlikely]]
    return run_timed(node);
  resume(node);
}

void worker::resume(task_node& node) noexcept {
  counters_.polls.add(1);
  running_.store(function_of(node.handle), std::memory_order_relaxed);  // relaxed: a hint
  // relaxed: the queue handed the task over.
  void* const where = waiting_of(node).load(std::memory_order_relaxed);
  if (where != nullptr) {
    operation& operation = *static_cast<direction*>(where)->op;
    if (!operation.attempt(operation, *this, node)) return;
  }
  node.handle.resume();
}

void worker::schedule_here(task_node& node) noexcept {
  time_wait(node);
  switch (scheduler_.options_.lifo) {
    case lifo_mode::on: {
      // relaxed: this thread alone.
      task_node* const before = lifo_.load(std::memory_order_relaxed);
      lifo_.store(&node, std::memory_order_relaxed);
      if (before == nullptr) return;
      push(*before);
      break;
    }
    case lifo_mode::stealable: {
      // acq_rel: against retake().
      task_node* const before = lifo_.exchange(&node, std::memory_order_acq_rel);
      if (before == nullptr) return;
      push(*before);
      break;
    }
    case lifo_mode::off:
      push(node);
      break;
  }
  offer_work();
}

void worker::requeue(task_node& node) noexcept {
  time_wait(node);
  push(node);
  offer_work();
}

void worker::push(task_node& node) noexcept {
  if (!queue_.push(node)) [[unlikely]]
    overflow(node);
}

// A full queue sheds half into the shared one, in one piece.
void worker::overflow(task_node& node) noexcept {
  counters_.overflows.add(1);
  while (!queue_.push(node)) {
    runnable* first = nullptr;
    runnable* last = nullptr;
    const std::uint32_t shed = queue_.shed([&](task_node& each) {
      each.next_ready = nullptr;
      (first == nullptr ? first : last->next_ready) = &each;
      last = &each;
    });
    if (shed == 0) {  // a thief is about to make room
      scheduler_.shared_.push(node);
      return;
    }
    scheduler_.shared_.push_batch(first, last, shed);
  }
}

task_node* worker::search() noexcept {
  if (single_threaded_) return nullptr;
  if (!searching_) {
    if (!scheduler_.parking_.try_search()) return nullptr;
    searching_ = true;
  }
  const std::size_t count = scheduler_.workers_.size();
  const std::size_t start = next_random(random_) % count;
  task_node* node = nullptr;
  for (std::size_t i = 0; i < count && node == nullptr; ++i) {
    worker& victim = *scheduler_.workers_[(start + i) % count];
    if (&victim != this) node = steal_from(victim);
  }
  if (node == nullptr) node = take_shared();
  if (node == nullptr) return nullptr;
  searching_ = false;
  if (scheduler_.parking_.end_search()) wake_another();
  budget_ = scheduler_.options_.coop;
  return node;
}

task_node* worker::steal_from(worker& victim) noexcept {
  std::uint32_t moved = 0;
  task_node* const node = victim.queue_.steal_into(queue_, moved);
  if (node != nullptr) {
    counters_.steal_operations.add(1);
    counters_.steals.add(moved);
  }
  return node;
}

void worker::wake_another() noexcept {
  if (!scheduler_.parking_.claim_wake()) return;
  counters_.wakes.add(1);
  scheduler_.wake_sleeper();
}

// Every `interval_` polls a busy worker also polls epoll, its timers and the shared queue.
void worker::poll_sources() noexcept {
  const auto now = clock::now();
  tune(now);
  ticks_left_ = interval_;
  if (timers_.next_expiry() <= now) expire_timers(*this, now);
  if (task_node* const node = take_shared()) push(*node);
  std::array<epoll_event, batch_events> events;
  const std::size_t room = std::min<std::size_t>(queue_.room(), events.size());
  if (room == 0) return;
  const std::size_t count = reactor_.poll(std::span(events).first(room));
  dispatch(std::span(events).first(count), false);
}

void worker::tune(clock::time_point now) noexcept {
  const auto spent = std::chrono::duration<double, std::nano>(now - sources_polled_).count();
  sources_polled_ = now;
  if (scheduler_.options_.event_interval != 0) return;
  poll_ns_ = 0.5 * poll_ns_ + 0.5 * spent / interval_;
  interval_ = static_cast<std::uint32_t>(std::clamp(target_ns / (poll_ns_ + 1), 2.0, 127.0));
}

void worker::park() noexcept {
  parking& idle = scheduler_.parking_;
  // relaxed: enter() orders it before a waker that counts this sleeper looks for one.
  parked_.store(true, std::memory_order_relaxed);
  const bool last_searcher = idle.enter(searching_);
  const auto asleep = clock::now();
  counters_.busy_ns.add(static_cast<std::uint64_t>((asleep - awake_since_).count()));
  counters_.parks.add(1);
  const bool work = work_in_sight(last_searcher);
  std::array<epoll_event, batch_events> events;
  const std::size_t count = work ? reactor_.poll(events) : reactor_.wait(events, wake_time(asleep));
  parked_.store(false, std::memory_order_relaxed);  // relaxed: a hint from here on
  searching_ = idle.leave();
  awake_since_ = sources_polled_ = clock::now();
  ticks_left_ = interval_;
  dispatch(std::span(events).first(count), true);
  if (timers_.next_expiry() <= awake_since_) expire_timers(*this, awake_since_);
  if (is_sysmon_) sysmon(awake_since_);
  const bool idle_again = count == 0 && !searching_ && queue_.size() == 0;
  if (idle_again) counters_.noop_parks.add(1);
  if (!idle_again && !single_threaded_) ask_for_sysmon();
}

// Between enter() and the sleep: finds what was pushed before a waker could count this sleeper.
bool worker::work_in_sight(bool everywhere) noexcept {
  if (scheduler_.shared_.size() != 0 || scheduler_.ended()) return true;
  if (!everywhere) return false;
  return std::ranges::any_of(scheduler_.workers_,
                             [](const auto& each) { return each->queued() != 0; });
}

worker::clock::time_point worker::wake_time(clock::time_point now) noexcept {
  const clock::time_point own = timers_.wake_time(window_);
  if (single_threaded_ || !scheduler_.needs_sysmon() || !begin_sysmon()) return own;
  return std::min(own, now + sysmon_period);
}

void worker::dispatch(std::span<const epoll_event> events, bool was_parked) noexcept {
  const std::uint32_t before = queue_.size();
  for (const epoll_event& event : events) {
    if (event.data.ptr != nullptr) [[likely]]
      dispatch(*static_cast<socket_slot*>(event.data.ptr), event.events);
    else
      scheduler_.on_wake_event(*this, was_parked);
  }
  // One task is for this worker itself.
  if (!single_threaded_ && queue_.size() > std::max<std::uint32_t>(before, 1)) wake_another();
}

inline void worker::dispatch(socket_slot& slot, std::uint32_t events) noexcept {
  constexpr std::uint32_t hang_up = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  // relaxed: published by the readiness word.
  if ((events & hang_up) != 0) [[unlikely]]
    slot.hung_up.store(true, std::memory_order_relaxed);
  if ((events & (EPOLLIN | hang_up)) != 0)
    if (task_node* const node = slot.receive.state.signal()) make_ready(*node);
  if ((events & (EPOLLOUT | hang_up)) != 0)
    if (task_node* const node = slot.send.state.signal()) make_ready(*node);
}

inline void worker::make_ready(task_node& node) noexcept {
  if (!inlined_) {
    time_wait(node);
    return push(node);
  }
  budget_ = scheduler_.options_.coop;
  run_task(node);
}

void worker::expire_timers(worker& of, clock::time_point now) noexcept {
  of.timers_.expire(now, std::max<std::size_t>(queue_.room(), 64), [this](task_node& node) {
    time_wait(node);
    push(node);
  });
  if (!single_threaded_ && queue_.size() > 1) wake_another();
}

void worker::armed_timer() noexcept {
  if (!single_threaded_) ask_for_sysmon();
}

}  // namespace tailrace::steal
