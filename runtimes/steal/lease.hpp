// SPDX-License-Identifier: MIT
// The lease of the work-stealing runtime. Its task may move between workers meanwhile: the buffer
// goes to the pool of the worker that runs the task when the lease dies.
#pragma once

#include "runtimes/base/lease.hpp"
#include "runtimes/steal/worker.hpp"

namespace tailrace::steal {

struct give_back_here {
  [[gnu::always_inline]] void operator()(std::byte* buffer) const noexcept {
    worker::current()->buffers().give_back(buffer);
  }
};
using buffer_lease = basic_lease<give_back_here>;

}  // namespace tailrace::steal
