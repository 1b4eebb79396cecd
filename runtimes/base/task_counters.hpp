// SPDX-License-Identifier: MIT
// What becomes of the tasks of a runtime: written by the threads that run them, read by any. Cost:
// that of the counter, which is single_writer_counter where all tasks run on one thread, else
// shared_counter.
#pragma once

#include <vector>

#include "runtimes/base/metrics.hpp"
#include "runtimes/base/single_writer_counter.hpp"

namespace tailrace {

template <class Counter>
struct basic_task_counters {
  Counter spawned;
  Counter finished;   // whatever the outcome
  Counter failed;     // ... by an exception
  Counter cancelled;  // ... without one, after their scope was asked to stop

  // scope<R> calls it through R::task_ended().
  void ended(bool by_failure, bool stopped) noexcept {
    finished.add(1);
    if (by_failure) [[unlikely]]
      failed.add(1);
    else if (stopped) [[unlikely]]
      cancelled.add(1);
  }

  void append_to(std::vector<metric>& metrics) const {
    metrics.insert(metrics.end(), {{"tasks_spawned", spawned.get()},
                                   {"tasks_finished", finished.get()},
                                   {"tasks_failed", failed.get()},
                                   {"tasks_cancelled", cancelled.get()}});
  }
};

using task_counters = basic_task_counters<single_writer_counter>;

}  // namespace tailrace
