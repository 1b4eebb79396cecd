// SPDX-License-Identifier: MIT
// What the io_uring runtime counts: written by its thread, once a batch of completions or rarer;
// read by any.
#pragma once

#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/task_counters.hpp"

namespace tailrace::uring {

struct counters {
  single_writer_counter polls;             // completions, and tasks resumed without one
  single_writer_counter busy_ns;           // CPU time of its thread, once run() has ended
  single_writer_counter parks;             // times it waited for completions
  single_writer_counter forced_yields;     // operations sent to the back, their task's budget spent
  single_writer_counter accepted;          // connections that became its own
  single_writer_counter handed_over;       // ... that it accepted for other rings
  single_writer_counter enters;            // calls of io_uring_enter(2)
  single_writer_counter submissions;       // entries that the kernel took
  single_writer_counter completions;       // of operations, as the kernel counts them
  single_writer_counter overflows;         // batches of which a part had no room in the ring
  single_writer_counter starved;           // receives that found no provided buffer
  single_writer_counter rearmed;           // receives that had ended and began anew
  single_writer_counter open_descriptors;  // streams and listeners
  single_writer_counter timers_armed;      // when it last waited
  task_counters tasks;
};

}  // namespace tailrace::uring
