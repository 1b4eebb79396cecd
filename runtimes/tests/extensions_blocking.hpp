// SPDX-License-Identifier: MIT
// Conformance: run_blocking() and spawning from outside, for the runtimes that offer them.
// Include only from extensions.hpp.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "runtimes/tests/extensions_events.hpp"

namespace tailrace::conformance {

template <class T>
task<void> call_blocking(T& runtime, std::vector<int>& results) {
  for (int i = 0; i < 10; ++i) {
    const auto give = [i] { return i; };
    results.push_back(co_await runtime.run_blocking(give));
  }
}

template <class T>
void expect_blocking_results() {
  if constexpr (RunsBlocking<T>) {
    std::vector<int> results;
    run_here([&](T& runtime) { return call_blocking(runtime, results); });
    EXPECT_EQ(results, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  }
}

TEST_WHERE(RunsBlocking<R>, extensions_blocking, run_blocking_gives_what_the_callable_returns) {
  expect_blocking_results<R>();
}

inline task<void> count_on_own_thread(std::thread::id foreign, std::atomic<int>& ran, int all,
                                      event& all_ran) {
  EXPECT_NE(std::this_thread::get_id(), foreign);
  if (ran.fetch_add(1) + 1 == all) all_ran.set();
  co_return;
}

// Keeps the scope alive until the last of the tasks from outside has run.
template <class T>
task<void> host_foreign_tasks(T& runtime, int threads, int tasks_each, std::atomic<int>& ran) {
  event all_ran(runtime);
  scope<T> children(runtime);
  std::vector<std::thread> spawners;
  for (int i = 0; i < threads; ++i)
    spawners.emplace_back([&] {
      for (int n = 0; n < tasks_each; ++n)
        children.spawn(
            count_on_own_thread(std::this_thread::get_id(), ran, threads * tasks_each, all_ran));
    });
  const io_result woken = co_await all_ran.wait();
  EXPECT_TRUE(woken.ok());
  for (std::thread& spawner : spawners)
    spawner.join();
  co_await children.join();
}

template <class T>
void expect_foreign_tasks() {
  if constexpr (SpawnsFromAnyThread<T>) {
    std::atomic<int> ran{0};
    run_here([&](T& runtime) { return host_foreign_tasks(runtime, 3, 100, ran); });
    EXPECT_EQ(ran.load(), 300);
  }
}

TEST_WHERE(SpawnsFromAnyThread<R>, extensions_foreign,
           tasks_spawned_by_other_threads_run_on_the_runtimes) {
  expect_foreign_tasks<R>();
}

}  // namespace tailrace::conformance
