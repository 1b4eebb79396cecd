// SPDX-License-Identifier: MIT
// What a worker counts: written by its own thread, read by any. Costs a load and a store each.
#pragma once

#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/task_counters.hpp"

namespace tailrace::steal {

struct worker_counters {
  single_writer_counter polls;       // times a task was resumed (or its call attempted)
  single_writer_counter busy_ns;     // not asleep; up to the last time it fell asleep, or its end
  single_writer_counter parks;       // times it fell asleep
  single_writer_counter noop_parks;  // ... and woke to nothing
  single_writer_counter steals;      // tasks taken from others
  single_writer_counter steal_operations;  // times it took any
  single_writer_counter overflows;         // times its full queue shed half into the shared queue
  single_writer_counter lifo_runs;         // tasks that ran from the LIFO slot
  single_writer_counter forced_yields;     // tasks sent to the back, their budget spent
  single_writer_counter wakes;             // sleepers it woke
  task_counters tasks;                     // spawned by tasks it ran, ended on it
  single_writer_counter retakes;           // times it did the work of a worker held by a long poll
};

}  // namespace tailrace::steal
