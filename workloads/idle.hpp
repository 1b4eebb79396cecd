// SPDX-License-Identifier: MIT
// The idle workload, once for every runtime: the echo server, whose connections may stay silent,
// and a number of tasks that sleep until one hour from now. What it shows is memory: bytes per idle
// connection and per sleeping task. A stop cancels the sleepers; one that wakes by itself is
// counted as a failure, and apart from it one that the runtime did not let sleep, such as for want
// of a thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "workloads/echo.hpp"

namespace tailrace {

struct idle_rules {
  std::uint64_t tasks = 0;
};

inline const option_table<idle_rules> idle_options{
    option_table<idle_rules>::integer("tasks", &idle_rules::tasks, 0, 10'000'000,
                                      "tasks that sleep (idle: until one hour from now)")};

template <Runtime R>
task<void> sleeper(R& runtime, steady_time deadline, counts_of<R>& counts) {
  counts.fell_asleep.add(1);
  const io_result woken = co_await runtime.sleep_until(deadline);
  counts.woke.add(1);
  if (!woken.cancelled()) (woken.ok() ? counts.woken_early : counts.refused).add(1);
}

template <Runtime R>
task<void> sleep_all(R& runtime, std::uint64_t tasks, counts_of<R>& counts) {
  scope<R> sleepers(runtime);
  const steady_time deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  for (std::uint64_t i = 0; i < tasks; ++i)
    sleepers.spawn(sleeper<R>(runtime, deadline, counts));
  co_await sleepers.join();
}

// Accepts until stopped while tasks sleep. runtime, listener and counts outlive it.
template <Runtime R>
task<void> serve_idle(R& runtime, typename R::listener& listener, std::uint64_t tasks,
                      counts_of<R>& counts) {
  scope<R> both(runtime);
  if (tasks != 0) both.spawn(sleep_all<R>(runtime, tasks, counts));
  both.spawn(serve_echo<R>(runtime, listener, counts));
  co_await both.join();
}

template <Runtime R>
class idle_workload final : public served_workload<R> {
 public:
  static constexpr const char* name = "idle";
  static std::vector<option_spec> options() { return idle_options.specs(); }

  idle_workload(const option_values& options, std::size_t runtimes)
      : served_workload<R>(runtimes), tasks_(idle_options.rules_of(options).tasks) {}

  task<void> serve(R& runtime, typename R::listener& listener, std::size_t index) override {
    return serve_idle<R>(runtime, listener, tasks_of(index), this->counts_[index]);
  }
  named_counts counts() const override {
    named_counts all = served_workload<R>::counts();
    const std::uint64_t woke = this->sum_of(&counts_of<R>::woke);
    all.emplace_back("sleeping", this->sum_of(&counts_of<R>::fell_asleep) - woke);
    all.emplace_back("woken_early", this->sum_of(&counts_of<R>::woken_early));
    all.emplace_back("refused", this->sum_of(&counts_of<R>::refused));
    return all;
  }
  bool all_there() const override { return this->sum_of(&counts_of<R>::fell_asleep) >= tasks_; }
  // The task that accepts, the sleepers and the task that joins them.
  std::uint64_t own_tasks(std::size_t index) const override {
    const std::uint64_t sleeping = tasks_of(index);
    return 1 + (sleeping == 0 ? 0 : sleeping + 1);
  }

 private:
  std::uint64_t tasks_of(std::size_t index) const {
    const std::uint64_t runtimes = this->counts_.size();
    return tasks_ / runtimes + (index < tasks_ % runtimes ? 1 : 0);
  }

  std::uint64_t tasks_;
};

}  // namespace tailrace
