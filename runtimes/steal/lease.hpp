// SPDX-License-Identifier: MIT
// A received piece of a stream in a buffer lent by the worker that received it, or the reason why
// there is none. Its task may have moved meanwhile: the buffer goes back to the worker that runs
// the task when the lease ends.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <span>
#include <utility>

#include "io_result.hpp"
#include "steal/worker.hpp"

namespace tailrace::steal {

class buffer_lease {
 public:
  buffer_lease() noexcept = default;
  buffer_lease(std::byte* bytes, io_result status) noexcept : bytes_(bytes), status_(status) {}
  buffer_lease(buffer_lease&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), status_(other.status_) {}
  buffer_lease& operator=(buffer_lease&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(status_, other.status_);
    return *this;
  }
  // On a worker's thread, as everything of a task. Inline by force: once a message.
  [[gnu::always_inline]] ~buffer_lease() {
    if (bytes_ != nullptr) worker::current()->buffers().give_back(bytes_);
  }

  io_result status() const noexcept { return status_; }
  std::span<const std::byte> bytes() const noexcept { return {bytes_, status_.count()}; }

 private:
  std::byte* bytes_ = nullptr;
  io_result status_;
};

}  // namespace tailrace::steal
