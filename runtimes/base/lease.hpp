// SPDX-License-Identifier: MIT
// What receive() lends, once for all runtimes: a received piece of a stream in a buffer that goes
// back when the lease dies, or the reason why there is none. GiveBack, called with the buffer, says
// where it goes; it is part of the lease, and moves with it. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "runtimes/io_result.hpp"

namespace tailrace {

template <class GiveBack>
class basic_lease {
 public:
  basic_lease() noexcept = default;
  // Without bytes: end of stream, or a refusal.
  explicit basic_lease(io_result status) noexcept : status_(status) {}
  // buffer may be null where status counts no bytes.
  basic_lease(std::byte* buffer, io_result status, GiveBack give_back = {}) noexcept
      : buffer_(buffer, give_back), status_(status) {}

  io_result status() const noexcept { return status_; }
  std::span<const std::byte> bytes() const noexcept { return {buffer_.get(), status_.count()}; }

 private:
  std::unique_ptr<std::byte, GiveBack> buffer_;
  io_result status_;
};

// Gives back to the pool that lent.
template <class Pool>
struct give_back_to {
  Pool* pool = nullptr;

  [[gnu::always_inline]] void operator()(std::byte* buffer) const noexcept {
    pool->give_back(buffer);
  }
};

}  // namespace tailrace
