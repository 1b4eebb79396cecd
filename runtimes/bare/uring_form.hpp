// SPDX-License-Identifier: MIT
// The switches of bare-uring: each turns one feature of io_uring on or off, so that a campaign can
// tell what that feature is worth. README.md says what was measured. Values; any thread.
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
  bool direct_descriptors = false;    // sockets that are in the ring's table only (5.19)
  bool registered_ring = true;        // (5.18)
  uring::taskrun taskrun = uring::taskrun::defer;
  bool sqpoll = false;            // a kernel thread submits
  bool poll_first = false;        // a receive does not try before it waits (5.19)
  std::uint32_t min_wait_us = 0;  // how long a wait may hope for a whole batch (6.12)
  bool direct_send = false;       // send: by send(2), at once, or through the ring
  bool quiet_sends = true;  // a send that does at once all it should leaves no completion (5.17)
  bool zero_copy = false;   // (6.0)
  bool bundle = false;      // a completion may span several buffers (6.10)
  std::uint32_t entries = 128;      // of the ring, for submissions ...
  std::uint32_t cq_entries = 1024;  // ... and for completions; no options of the target
};

// One sentence where switches exclude each other, else empty.
std::string objection_to(const uring_form& form);

// Which of the switches this kernel does not have, with the release that brought it; empty: none.
std::string missing_for(const uring_form& form, const uring::kernel_features& kernel);

}  // namespace tailrace
