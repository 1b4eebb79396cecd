// SPDX-License-Identifier: MIT
// What the libraries' echo servers count that are written as their own users write them, without
// anything of ours around: what the adapters in runtimes/ are compared with
// (scripts/adapter-honesty). Written by the loop's thread, read by any.
#pragma once

#include <cerrno>

#include "workloads/counts.hpp"

namespace tailrace {

struct plain_counts : worker_counts<false> {
  // A connection has ended by this errno; 0: in order.
  void add_end(int error) noexcept {
    if (error == ECONNRESET || error == EPIPE)
      resets.add(1);
    else if (error != 0)
      errors.add(1);
    closed.add(1);
  }
};

}  // namespace tailrace
