// SPDX-License-Identifier: MIT
// What every loop with one thread counts: written by its thread, once a batch of events or rarer;
// read by any.
#pragma once

#include "runtimes/base/metrics.hpp"
#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/task_counters.hpp"

namespace tailrace::single {

struct counters {
  single_writer_counter polls;             // events dispatched, and tasks resumed without one
  single_writer_counter parks;             // times it waited for events
  single_writer_counter forced_yields;     // operations sent to the back, their task's budget spent
  single_writer_counter open_descriptors;  // streams and listeners
  single_writer_counter timers_armed;      // when it last looked for events
  task_counters tasks;

  // As of a runtime with one worker.
  runtime_metrics read() const {
    runtime_metrics metrics;
    metrics.workers.push_back(
        {{"polls", polls.get()}, {"parks", parks.get()}, {"forced_yields", forced_yields.get()}});
    tasks.append_to(metrics.whole);
    metrics.whole.push_back({"open_descriptors", open_descriptors.get()});
    metrics.whole.push_back({"timers_armed", timers_armed.get()});
    return metrics;
  }
};

}  // namespace tailrace::single
