// SPDX-License-Identifier: MIT
// Micro benchmarks of timers. A sleep belongs to a task, so each of these includes a task's life.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>

#include "runtimes/base/atomic.hpp"
#include "runtimes/extensions.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "workloads/micro/measured.hpp"

namespace tailrace::micro {

template <class R>
task<void> sleep_until_stopped(R& runtime, steady_time deadline, atomic<std::size_t>& asleep) {
  asleep.fetch_add(1, std::memory_order_relaxed);  // relaxed: how many, nothing else
  static_cast<void>(co_await runtime.sleep_until(deadline));
}

// 1000 tasks that each arm a timer of 1 s; then all are cancelled. Per timer.
template <class R>
task<void> timer_arm_cancel(R& runtime, measured& run) {
  constexpr std::size_t timers = tasks_up_to<R>(1000);
  while (run.batch(timers)) {
    atomic<std::size_t> asleep{0};
    scope<R> sleepers(runtime);
    const steady_time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (std::size_t i = 0; i < timers; ++i)
      sleepers.spawn(sleep_until_stopped(runtime, deadline, asleep));
    while (asleep.load(std::memory_order_relaxed) < timers)  // relaxed: see sleep_until_stopped()
      co_await runtime.yield();
    sleepers.request_stop();
    co_await sleepers.join();
  }
}

template <class R>
task<void> sleep_once(R& runtime, steady_time deadline, measured& run) {
  const io_result slept = co_await runtime.sleep_until(deadline);
  run.expect(slept);
}

// 10,000 sleeps whose deadlines lie within 1 ms of the start of the batch, in an order that is not
// that of their start. Per timer; hence never below 1 ms / 10,000 = 100 ns (2 us for 500 timers).
template <class R>
task<void> timer_fire(R& runtime, measured& run) {
  constexpr std::size_t timers = tasks_up_to<R>(10'000);
  constexpr std::size_t stride = 7919;  // a prime: each slot of the millisecond once
  constexpr std::chrono::nanoseconds within = std::chrono::milliseconds(1);
  constexpr std::chrono::nanoseconds slot = within / timers;
  while (run.batch(timers)) {
    scope<R> sleepers(runtime);
    const steady_time start = std::chrono::steady_clock::now();
    for (std::size_t i = 1; i <= timers; ++i)
      sleepers.spawn(sleep_once(runtime, start + slot * (1 + i * stride % timers), run));
    co_await sleepers.join();
    if (std::chrono::steady_clock::now() < start + within) run.fail(ETIME);  // woken early
  }
}

}  // namespace tailrace::micro
