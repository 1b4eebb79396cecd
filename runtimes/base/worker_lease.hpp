// SPDX-License-Identifier: MIT
// A received piece of a stream in a buffer lent by the worker that received it, or the reason why
// there is none. Its task may have moved meanwhile: the buffer goes back to the pool of the worker
// that runs the task when the lease ends, which is Pools::here(). One thread at a time, a worker's.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/io_result.hpp"

namespace tailrace {

template <class Pools>
class worker_lease {
 public:
  worker_lease() noexcept = default;
  explicit worker_lease(io_result status) noexcept : status_(status) {}
  worker_lease(std::byte* bytes, io_result status) noexcept : bytes_(bytes), status_(status) {}
  worker_lease(worker_lease&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), status_(other.status_) {}
  worker_lease& operator=(worker_lease&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(status_, other.status_);
    return *this;
  }
  // On a worker's thread, as everything of a task. Inline by force: once a message.
  [[gnu::always_inline]] ~worker_lease() {
    if (bytes_ != nullptr) Pools::here().give_back(bytes_);
  }

  io_result status() const noexcept { return status_; }
  std::span<const std::byte> bytes() const noexcept { return {bytes_, status_.count()}; }

 private:
  std::byte* bytes_ = nullptr;
  io_result status_;
};

}  // namespace tailrace
