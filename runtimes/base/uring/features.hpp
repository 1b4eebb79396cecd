// SPDX-License-Identifier: MIT
// What the io_uring of this kernel can do, found by asking it: a ring of a few entries is opened,
// looked at and closed, once a process. Without other side effects, so that `describe` may ask.
// Any thread; the first call costs some system calls.
#pragma once

#include <expected>

#include "runtimes/base/uring/refusal.hpp"

namespace tailrace::uring {

struct kernel_features {
  bool buffer_rings = false;       // 5.19
  bool multishot_accept = false;   // 5.19
  bool msg_ring = false;           // 5.18
  bool multishot_receive = false;  // 6.0
  bool defer_taskrun = false;      // 6.1
  bool min_wait = false;           // 6.12
  bool sync_message = false;       // 6.13: post_message() of ring.hpp
};

// The same answer throughout the life of the process; a refusal too.
const std::expected<kernel_features, refusal>& probe_kernel();

}  // namespace tailrace::uring
