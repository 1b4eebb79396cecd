// SPDX-License-Identifier: MIT
// The lease of the work-stealing runtime: its buffers travel between workers with their tasks.
#pragma once

#include "runtimes/base/worker_lease.hpp"
#include "runtimes/steal/worker.hpp"

namespace tailrace::steal {

struct worker_buffers {
  static buffer_pool& here() noexcept { return worker::current()->buffers(); }
};
using buffer_lease = worker_lease<worker_buffers>;

}  // namespace tailrace::steal
