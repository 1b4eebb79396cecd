// SPDX-License-Identifier: MIT
// What the local executor counts: written by its thread, once a batch of events or rarer; read by
// any.
#pragma once

#include "runtimes/base/owned_counter.hpp"
#include "runtimes/base/task_counters.hpp"

namespace tailrace::local {

struct counters {
  owned_counter polls;             // events dispatched, and tasks resumed without one
  owned_counter parks;             // times it waited for events
  owned_counter forced_yields;     // operations sent to the back, their task's budget spent
  owned_counter open_descriptors;  // streams and listeners
  owned_counter timers_armed;      // when it last looked for events
  task_counters tasks;
};

}  // namespace tailrace::local
