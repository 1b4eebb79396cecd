// SPDX-License-Identifier: MIT
// What the io_uring runtime counts: written by its thread, once a batch of completions or rarer;
// read by any.
#pragma once

#include "runtimes/base/owned_counter.hpp"
#include "runtimes/base/task_counters.hpp"

namespace tailrace::uring {

struct counters {
  owned_counter polls;             // completions, and tasks resumed without one
  owned_counter busy_ns;           // CPU time of its thread, once run() has ended
  owned_counter parks;             // times it waited for completions
  owned_counter forced_yields;     // operations sent to the back, their task's budget spent
  owned_counter accepted;          // connections that became its own
  owned_counter handed_over;       // ... that it accepted for other rings
  owned_counter enters;            // calls of io_uring_enter(2)
  owned_counter submissions;       // entries that the kernel took
  owned_counter completions;       // of operations, as the kernel counts them
  owned_counter overflows;         // batches of which a part had no room in the ring
  owned_counter starved;           // receives that found no provided buffer
  owned_counter rearmed;           // receives that had ended and began anew
  owned_counter open_descriptors;  // streams and listeners
  owned_counter timers_armed;      // when it last waited
  task_counters tasks;
};

}  // namespace tailrace::uring
