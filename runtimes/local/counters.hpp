// SPDX-License-Identifier: MIT
// What the local executor counts: written by its thread, once a batch of events or rarer; read by
// any.
#pragma once

#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/task_counters.hpp"

namespace tailrace::local {

struct counters {
  single_writer_counter polls;             // events dispatched, and tasks resumed without one
  single_writer_counter parks;             // times it waited for events
  single_writer_counter forced_yields;     // operations sent to the back, their task's budget spent
  single_writer_counter open_descriptors;  // streams and listeners
  single_writer_counter timers_armed;      // when it last looked for events
  task_counters tasks;
};

}  // namespace tailrace::local
