// SPDX-License-Identifier: MIT
// What becomes of the tasks of a runtime whose tasks all run on one thread: written by that thread,
// read by any. Cost: a load and a store each, no atomic read-modify-write.
#pragma once

#include <vector>

#include "base/owned_counter.hpp"
#include "metrics.hpp"

namespace tailrace {

struct task_counters {
  owned_counter spawned;
  owned_counter finished;   // whatever the outcome
  owned_counter failed;     // ... by an exception
  owned_counter cancelled;  // ... without one, after their scope was asked to stop

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

}  // namespace tailrace
