// SPDX-License-Identifier: MIT
// The switches of bare-uring: each turns one feature of io_uring on or off that claims about
// io_uring turn on (reports/tailrace_report/claims.py); the others are switches of `uring`.
// README.md says what was measured. Values; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "runtimes/base/uring/features.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace {

struct uring_form {
  bool multishot = true;     // receive: one request delivers again and again (Linux 6.0)
  bool own_buffers = false;  // buffers: each connection has one, or a ring lends them (5.19)
  bool large_direct = true;  // large: such messages go through one warm buffer, by recv and send
  std::uint32_t buffer_bytes = 4096;  // of a lent buffer
  bool registered_ring = true;        // (5.18)
  uring::taskrun taskrun = uring::taskrun::defer;
  std::uint32_t min_wait_us = 0;  // how long a wait may hope for a whole batch (6.12)
  bool quiet_sends = true;  // a send that does at once all it should leaves no completion (5.17)
  std::uint32_t entries = 128;      // of the ring, for submissions ...
  std::uint32_t cq_entries = 1024;  // ... and for completions; no options of the target
};

// One sentence where switches exclude each other, else empty.
std::string objection_to(const uring_form& form);

// Which of the switches this kernel does not have, with the release that brought it; empty: none.
std::string missing_for(const uring_form& form, const uring::kernel_features& kernel);

}  // namespace tailrace
