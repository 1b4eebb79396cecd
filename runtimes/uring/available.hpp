// SPDX-License-Identifier: MIT
// Whether io_uring is to be had as it was asked for, and what it is opened with. Any thread.
#pragma once

#include <expected>
#include <stdexcept>
#include <utility>

#include "runtimes/base/uring/buffer_ring.hpp"
#include "runtimes/base/uring/features.hpp"
#include "runtimes/base/uring/ring.hpp"
#include "runtimes/uring/options.hpp"

namespace tailrace::uring {

// io_uring is not to be had, or not in the way that was asked for: a failed start.
class unavailable : public std::runtime_error {
 public:
  explicit unavailable(refusal why) : std::runtime_error(why.cause), why_(std::move(why)) {}
  const refusal& why() const noexcept { return why_; }

 private:
  refusal why_;
};

// Why a runtime cannot be had on this machine at all; nothing where it can. Without side effects.
std::expected<void, refusal> check_available();

// Both throw unavailable.
ring open_ring(const options& chosen);
buffer_ring make_buffers(ring& owner, const options& chosen);

}  // namespace tailrace::uring
