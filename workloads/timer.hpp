// SPDX-License-Identifier: MIT
// The timer workload, once for every runtime: tasks that each sleep until a deadline of their own,
// known from a seed; what counts is how late they wake. In process: no client, no connection.
//
// random: task i sleeps until `begin + lead + offset(i)`, the offset drawn below `spread`. expiry:
// all offsets are 0, so that all expire at once. cancel: no deadline is ever reached; `at_once`
// tasks a runtime go to sleep for an hour, are cancelled, and so on until all tasks had their turn.
//
// Proof of work: each task has a slot of its own, which it fills when it wakes by itself; the sum
// of the offsets of the slots filled is compared with what the seed says. A sleep that ends before
// its deadline is counted and is a failure.
//
// The three phases, in wall-clock and process CPU time: from begin() until the last task has armed
// its timer, from there to the first that wakes (nothing to do but wait), from there to the last.
// Cost beside the sleep: an atomic add when a task arms and one when it wakes, a reading of the
// clock, and 8 bytes a task that are not its own. Source of the draw: splitmix64 (Steele, Lea,
// Flood 2014), which gives the n-th number without the n before.
#pragma once

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/splitmix64.hpp"
#include "runtimes/runtime.hpp"
#include "workloads/moment.hpp"
#include "workloads/workload.hpp"

namespace tailrace {

enum class timer_mode { random, expiry, cancel };

struct timer_rules {
  timer_mode mode = timer_mode::random;
  std::uint64_t tasks = 0;
  std::chrono::nanoseconds spread = std::chrono::seconds(1);
  std::chrono::nanoseconds lead = std::chrono::seconds(1);
  std::uint64_t seed = 1;
  std::uint64_t at_once = 1000;  // cancel: tasks asleep before they are cancelled, a runtime
  std::uint64_t slack_ns = 0;    // the kernel's timer slack; 0: its default
};

using timer_table = option_table<timer_rules>;
inline const timer_table timer_options{
    timer_table::integer("tasks", &timer_rules::tasks, 0, 10'000'000, "tasks that sleep"),
    timer_table::choice("mode", &timer_rules::mode,
                        {{"random", timer_mode::random},
                         {"expiry", timer_mode::expiry},
                         {"cancel", timer_mode::cancel}},
                        "deadlines drawn within spread_ms, one for all, or none that is reached: "
                        "armed and cancelled"),
    timer_table::integer<std::chrono::milliseconds>("spread_ms", &timer_rules::spread, 1, 60'000,
                                                    "random: within which the deadlines lie"),
    timer_table::integer<std::chrono::milliseconds>(
        "lead_ms", &timer_rules::lead, 0, 600'000, "from the start to the first possible deadline"),
    timer_table::integer("at_once", &timer_rules::at_once, 1, 1'000'000,
                         "cancel: timers armed before they are cancelled"),
    timer_table::integer("seed", &timer_rules::seed, 0, INT64_MAX, "of the deadlines"),
    timer_table::integer("timer_slack_ns", &timer_rules::slack_ns, 0, 1'000'000'000,
                         "by how much the kernel may delay a wake-up; 0: its default")};

// Of the calling thread, and of the threads that it starts later: by how much the kernel may delay
// the end of a sleep in epoll, poll, nanosleep or a futex, to serve several with one interrupt (not
// of timerfd and io_uring timeouts). 0: back to the default. Returns what is in force then.
inline std::uint64_t set_timer_slack(std::uint64_t slack_ns) {
  // Neither call can fail with these arguments: PR_SET_TIMERSLACK(2const).
  ::prctl(PR_SET_TIMERSLACK, slack_ns, 0UL, 0UL, 0UL);
  return static_cast<std::uint64_t>(::prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL));
}

// The deadline of task `index`, counted from the first that is possible.
inline std::chrono::nanoseconds offset_of(const timer_rules& rules, std::uint64_t index) noexcept {
  if (rules.mode != timer_mode::random || rules.spread.count() <= 0) return {};
  const auto spread = static_cast<std::uint64_t>(rules.spread.count());
  return std::chrono::nanoseconds(splitmix64(rules.seed, index) % spread);
}

// What all tasks of the workload share, on however many runtimes. begin() comes before the first
// task; results are asked for after the last; note_*() by any task, progress counts by any thread.
class timer_run {
 public:
  static constexpr std::int64_t not_fired = INT64_MIN;

  explicit timer_run(const timer_rules& rules)
      : rules_(rules), lateness_(rules.mode == timer_mode::cancel ? 0 : rules.tasks, not_fired) {}

  const timer_rules& rules() const noexcept { return rules_; }

  void begin() noexcept {
    begun_ = armed_last_ = fired_first_ = fired_last_ = moment::now();
    base_ = begun_.at + rules_.lead;
  }
  void end() noexcept { ended_ = moment::now(); }

  steady_time deadline_of(std::uint64_t index) const noexcept {
    return base_ + offset_of(rules_, index);
  }

  // Who writes a moment is alone with it, and it is read once all tasks were joined.
  void note_armed() noexcept {
    const std::uint64_t before = add(armed_, 1);
    if (before + 1 == rules_.tasks) armed_last_ = moment::now();
  }
  void note_fired(std::uint64_t index, std::chrono::nanoseconds lateness) noexcept {
    lateness_[index] = lateness.count();
    if (lateness.count() < 0) add(early_, 1);
    const std::uint64_t before = add(fired_, 1);
    if (before == 0) fired_first_ = moment::now();
    if (before + 1 == rules_.tasks) fired_last_ = moment::now();
  }
  // The sleep ended otherwise: it was cancelled, or the runtime refused it.
  void note_unfired(io_result woken) noexcept { add(woken.cancelled() ? cancelled_ : refused_, 1); }
  void note_pairs(std::uint64_t armed, std::uint64_t cancelled) noexcept {
    add(armed_, armed);
    add(cancelled_, cancelled);
    add(refused_, armed - cancelled);
  }

  struct progress {
    std::uint64_t armed, fired, cancelled, refused, woken_early;
  };
  progress so_far() const noexcept {
    const auto read = [](const atomic<std::uint64_t>& count) {
      return count.load(std::memory_order_relaxed);  // relaxed: see add()
    };
    return {read(armed_), read(fired_), read(cancelled_), read(refused_), read(early_)};
  }

  // The rest: after end().
  struct span_of_time {
    std::uint64_t wall_ns, cpu_ns;
  };
  span_of_time arming() const noexcept { return between(begun_, armed_last_); }
  span_of_time waiting() const noexcept { return between(armed_last_, fired_first_); }
  span_of_time firing() const noexcept { return between(fired_first_, fired_last_); }
  span_of_time whole() const noexcept { return between(begun_, ended_); }
  // Of the tasks that woke by themselves.
  std::uint64_t deadline_sum_ns() const noexcept {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < lateness_.size(); ++i)
      if (lateness_[i] != not_fired)
        sum += static_cast<std::uint64_t>(offset_of(rules_, i).count());
    return sum;
  }
  // By task; not_fired where it did not wake by itself.
  std::span<const std::int64_t> lateness_ns() const noexcept { return lateness_; }

 private:
  // Returns what there was before. relaxed: how many, nothing else.
  static std::uint64_t add(atomic<std::uint64_t>& count, std::uint64_t amount) noexcept {
    return count.fetch_add(amount, std::memory_order_relaxed);
  }

  // Nothing where the second came first: a timer fired before the last was armed.
  static span_of_time between(const moment& from, const moment& to) noexcept {
    const std::chrono::nanoseconds wall = to.at - from.at;
    if (wall.count() < 0) return {0, 0};
    return {static_cast<std::uint64_t>(wall.count()),
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, to.cpu_ns - from.cpu_ns))};
  }

  timer_rules rules_;
  steady_time base_;
  moment begun_, armed_last_, fired_first_, fired_last_, ended_;
  std::vector<std::int64_t> lateness_;
  // Each on a cache line of its own: tasks arm and wake on several threads.
  alignas(64) atomic<std::uint64_t> armed_{0};
  alignas(64) atomic<std::uint64_t> fired_{0};
  alignas(64) atomic<std::uint64_t> cancelled_{0};
  atomic<std::uint64_t> refused_{0};
  atomic<std::uint64_t> early_{0};
};

template <Runtime R>
task<void> timed_sleeper(R& runtime, timer_run& run, std::uint64_t index) {
  const steady_time deadline = run.deadline_of(index);
  run.note_armed();
  const io_result woken = co_await runtime.sleep_until(deadline);
  if (woken.ok())
    run.note_fired(index, std::chrono::steady_clock::now() - deadline);
  else
    run.note_unfired(woken);
}

template <Runtime R>
struct cancel_counts {
  counter<!R::single_threaded> armed;
  counter<!R::single_threaded> cancelled;
};

template <Runtime R>
task<void> cancelled_sleeper(R& runtime, steady_time deadline, cancel_counts<R>& counts) {
  counts.armed.add(1);
  const io_result woken = co_await runtime.sleep_until(deadline);
  if (woken.cancelled()) counts.cancelled.add(1);
}

// `tasks` timers that never fire.
template <Runtime R>
task<void> arm_and_cancel(R& runtime, timer_run& run, std::uint64_t tasks) {
  const steady_time deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  for (std::uint64_t left = tasks; left > 0;) {
    const std::uint64_t now = std::min(left, run.rules().at_once);
    cancel_counts<R> counts;
    scope<R> sleepers(runtime);
    for (std::uint64_t i = 0; i < now; ++i)
      sleepers.spawn(cancelled_sleeper<R>(runtime, deadline, counts));
    while (counts.armed.get() < now)
      co_await runtime.yield();
    sleepers.request_stop();
    co_await sleepers.join();
    run.note_pairs(now, counts.cancelled.get());
    left -= now;
    const bool stopped = co_await stop_requested();
    if (stopped) break;
  }
}

// The share of runtime `index` out of `runtimes`. runtime and run outlive it.
template <Runtime R>
task<void> run_timer(R& runtime, timer_run& run, std::uint64_t index, std::uint64_t runtimes) {
  const std::uint64_t tasks = run.rules().tasks;
  if (run.rules().mode == timer_mode::cancel) {
    const std::uint64_t share = tasks / runtimes + (index < tasks % runtimes ? 1 : 0);
    co_await arm_and_cancel<R>(runtime, run, share);
    co_return;
  }
  scope<R> sleepers(runtime);
  for (std::uint64_t i = index; i < tasks; i += runtimes)
    sleepers.spawn(timed_sleeper<R>(runtime, run, i));
  co_await sleepers.join();
}

template <Runtime R>
class timer_workload final : public workload<R> {
 public:
  static constexpr const char* name = "timer";
  static std::vector<option_spec> options() { return timer_options.specs(); }

  timer_workload(const option_values& options, std::size_t runtimes)
      : runtimes_(runtimes), run_(timer_options.rules_of(options)) {}

  named_counts prepare() override {
    return {{"timer_slack_ns", set_timer_slack(run_.rules().slack_ns)}};
  }
  void begin() override { run_.begin(); }
  task<void> run(R& runtime, std::size_t index) override {
    return run_timer<R>(runtime, run_, index, runtimes_);
  }
  void end() override { run_.end(); }

  named_counts counts() const override {
    const timer_run::progress now = run_.so_far();
    return {{"armed", now.armed},
            {"fired", now.fired},
            {"cancelled", now.cancelled},
            {"refused", now.refused},
            {"woken_early", now.woken_early}};
  }
  void complete(workload_result& result) const override {
    const auto add = [&](const std::string& phase, timer_run::span_of_time span) {
      result.counts.emplace_back(phase + "_ns", span.wall_ns);
      result.counts.emplace_back(phase + "_cpu_ns", span.cpu_ns);
    };
    result.counts.emplace_back("deadline_sum_ns", run_.deadline_sum_ns());
    add("arm", run_.arming());
    add("wait", run_.waiting());
    add("fire", run_.firing());
    add("whole", run_.whole());
    if (run_.rules().mode == timer_mode::cancel) return;
    value_counts lateness;
    for (const std::int64_t ns : run_.lateness_ns())
      if (ns != timer_run::not_fired) lateness.record(ns);
    result.histograms["lateness_ns"] = lateness.pairs();
  }

 private:
  std::size_t runtimes_;
  timer_run run_;
};

}  // namespace tailrace
