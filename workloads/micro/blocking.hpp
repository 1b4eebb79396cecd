// SPDX-License-Identifier: MIT
// The micro benchmark of blocking calls: 100 batches of 16 tasks, each of which has an empty
// function run where it may block. Per call. Shape and size are those of Tokio's spawn_blocking
// bench with one caller.
#pragma once

#include "runtimes/extensions.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "workloads/micro/measured.hpp"

namespace tailrace::micro {

template <class R>
task<void> block_once(R& runtime) {
  co_await runtime.run_blocking([] {});
}

template <class R>
  requires RunsBlocking<R>
task<void> spawn_blocking(R& runtime, measured& run) {
  constexpr std::size_t batches = 100;
  constexpr std::size_t calls_each = 16;
  while (run.batch(batches * calls_each)) {
    for (std::size_t i = 0; i < batches; ++i) {
      scope<R> callers(runtime);
      for (std::size_t call = 0; call < calls_each; ++call)
        callers.spawn(block_once(runtime));
      co_await callers.join();
    }
  }
}

}  // namespace tailrace::micro
