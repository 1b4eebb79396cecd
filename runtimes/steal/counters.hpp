// SPDX-License-Identifier: MIT
// What a worker counts: written by its own thread, read by any. Costs a load and a store each.
#pragma once

#include "runtimes/base/owned_counter.hpp"

namespace tailrace::steal {

struct worker_counters {
  owned_counter polls;             // times a task was resumed (or its call attempted)
  owned_counter busy_ns;           // not asleep; up to the last time it fell asleep, or its end
  owned_counter parks;             // times it fell asleep
  owned_counter noop_parks;        // ... and woke to nothing
  owned_counter steals;            // tasks taken from others
  owned_counter steal_operations;  // times it took any
  owned_counter overflows;         // times its full queue shed half into the shared queue
  owned_counter lifo_runs;         // tasks that ran from the LIFO slot
  owned_counter forced_yields;     // tasks sent to the back, their budget spent
  owned_counter wakes;             // sleepers it woke
  owned_counter spawned;           // tasks, by tasks it ran
  owned_counter finished;          // ... that ended, whatever the outcome
  owned_counter failed;            // ... by an exception
  owned_counter cancelled;         // ... without one, after their scope was asked to stop
  owned_counter rescues;           // times it did the work of a worker held by a long poll
};

}  // namespace tailrace::steal
