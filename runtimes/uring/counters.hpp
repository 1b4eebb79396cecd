// SPDX-License-Identifier: MIT
// What the io_uring runtime counts besides what every loop does (single/counters.hpp, where polls
// are completions): written by its thread, once a batch of completions or rarer; read by any.
#pragma once

#include <vector>

#include "runtimes/base/metrics.hpp"
#include "runtimes/base/single_writer_counter.hpp"

namespace tailrace::uring {

struct ring_counters {
  single_writer_counter accepted;      // connections that became its own
  single_writer_counter handed_over;   // ... that it accepted for other rings
  single_writer_counter enters;        // calls of io_uring_enter(2)
  single_writer_counter submissions;   // entries that the kernel took
  single_writer_counter completions;   // of operations, as the kernel counts them
  single_writer_counter cq_overflows;  // batches of which a part had no room in the ring
  single_writer_counter starved;       // receives that found no provided buffer
  single_writer_counter rearmed;       // receives that had ended and began again

  void append_to(std::vector<metric>& metrics) const {
    metrics.insert(metrics.end(), {{"accepted_per_worker", accepted.get()},
                                   {"handed_over", handed_over.get()},
                                   {"enters", enters.get()},
                                   {"submissions", submissions.get()},
                                   {"completions", completions.get()},
                                   {"cq_overflows", cq_overflows.get()},
                                   {"starved", starved.get()},
                                   {"rearmed", rearmed.get()}});
  }
};

}  // namespace tailrace::uring
