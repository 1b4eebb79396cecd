// SPDX-License-Identifier: MIT
// Micro benchmarks of creating and joining tasks, from inside the runtime. Shapes and sizes are
// those of Tokio's benches (rt_multi_threaded: spawn_many_local, chained_spawn).
#pragma once

#include <cstddef>

#include "runtimes/extensions.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "workloads/micro/measured.hpp"

namespace tailrace::micro {

inline task<void> nothing() {
  co_return;
}

// 10,000 empty tasks spawned by one task, then joined. Per task.
template <class R>
task<void> spawn_many_local(R& runtime, measured& run) {
  constexpr std::size_t tasks = tasks_up_to<R>(10'000);
  while (run.batch(tasks)) {
    scope<R> children(runtime);
    for (std::size_t i = 0; i < tasks; ++i)
      children.spawn(nothing());
    co_await children.join();
  }
}

template <class R>
task<void> spawn_next(scope<R>& links, std::size_t more) {
  if (more > 0) links.spawn(spawn_next(links, more - 1));
  co_return;
}

// Each task spawns the next and ends, 1000 in a row. Per task.
template <class R>
task<void> chained_spawn(R& runtime, measured& run) {
  constexpr std::size_t depth = 1000;
  while (run.batch(depth)) {
    scope<R> links(runtime);
    links.spawn(spawn_next(links, depth - 1));
    co_await links.join();
  }
}

// A scope of 8 empty children, joined. Per scope.
template <class R>
task<void> scope_join(R& runtime, measured& run) {
  constexpr std::size_t scopes = 100;
  constexpr int children_each = 8;
  while (run.batch(scopes)) {
    for (std::size_t i = 0; i < scopes; ++i) {
      scope<R> children(runtime);
      for (int child = 0; child < children_each; ++child)
        children.spawn(nothing());
      co_await children.join();
    }
  }
}

// A coroutine created, awaited and destroyed within one task: no scheduling. Per coroutine.
template <class R>
task<void> task_create(R&, measured& run) {
  constexpr std::size_t coroutines = 1000;
  while (run.batch(coroutines)) {
    for (std::size_t i = 0; i < coroutines; ++i)
      co_await nothing();
  }
}

}  // namespace tailrace::micro
