// SPDX-License-Identifier: MIT
// The idle workload, once for every runtime: the echo server, whose connections may stay silent,
// and a number of tasks that sleep until one hour from now. What it shows is memory: bytes per idle
// connection and per sleeping task. A stop cancels the sleepers; one that wakes by itself is
// counted as a failure.
#pragma once

#include <chrono>
#include <cstdint>

#include "workloads/echo.hpp"

namespace tailrace {

template <Runtime R>
task<void> sleeper(R& runtime, steady_time deadline, counts_of<R>& counts) {
  counts.fell_asleep.add(1);
  const io_result woken = co_await runtime.sleep_until(deadline);
  counts.woke.add(1);
  if (!woken.cancelled()) counts.woken_early.add(1);
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

}  // namespace tailrace
