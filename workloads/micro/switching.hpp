// SPDX-License-Identifier: MIT
// Micro benchmarks of going from one task to another. yield_many has the shape and size of Tokio's.
#pragma once

#include <cstddef>

#include "runtimes/extensions.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "workloads/micro/measured.hpp"
#include "workloads/planted_fault.hpp"

namespace tailrace::micro {

inline constexpr std::size_t yielders = 200;
inline constexpr std::size_t yields_each = 1000;

template <class R>
task<void> yield_often(R& runtime) {
  for (std::size_t i = 0; i < yields_each; ++i) {
    TAILRACE_PLANTED_AT_YIELD();
    co_await runtime.yield();
  }
}

// 200 tasks that yield 1000 times each. Per yield.
template <class R>
task<void> yield_many(R& runtime, measured& run) {
  while (run.batch(yielders * yields_each)) {
    scope<R> children(runtime);
    for (std::size_t i = 0; i < yielders; ++i)
      children.spawn(yield_often(runtime));
    co_await children.join();
  }
}

template <class R>
task<void> answer_events(typename R::event& asked, typename R::event& answered) {
  for (;;) {
    const io_result woken = co_await asked.wait();
    if (!woken.ok()) co_return;
    answered.set();
  }
}

// Two tasks take turns through two events. Per switch from one to the other.
template <class R>
  requires HasEvent<R>
task<void> context_switch(R& runtime, measured& run) {
  constexpr std::size_t rounds = 1000;
  typename R::event asked(runtime);
  typename R::event answered(runtime);
  scope<R> others(runtime);
  others.spawn(answer_events<R>(asked, answered));
  while (run.batch(2 * rounds)) {
    for (std::size_t i = 0; i < rounds; ++i) {
      asked.set();
      const io_result woken = co_await answered.wait();
      run.expect(woken);
    }
  }
  others.request_stop();
  co_await others.join();
}

}  // namespace tailrace::micro
