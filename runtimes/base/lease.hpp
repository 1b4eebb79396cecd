// SPDX-License-Identifier: MIT
// What receive() lends, once for all runtimes: a received piece of a stream in a buffer that goes
// back when the lease dies, or the reason why there is none. GiveBack, called with the buffer, says
// where it goes; it is part of the lease, and moves with it. One thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"

namespace tailrace {

template <class GiveBack>
class basic_lease {
 public:
  basic_lease() noexcept = default;
  // Without bytes: end of stream, or a refusal.
  explicit basic_lease(io_result status) noexcept : status_(status) {}
  // buffer may be null where status counts no bytes.
  basic_lease(std::byte* buffer, io_result status, GiveBack give_back = {}) noexcept
      : give_back_(give_back), buffer_(buffer), status_(status) {}
  basic_lease(basic_lease&& other) noexcept
      : give_back_(other.give_back_),
        buffer_(std::exchange(other.buffer_, nullptr)),
        status_(other.status_) {}
  basic_lease& operator=(basic_lease&& other) noexcept {
    std::swap(give_back_, other.give_back_);
    std::swap(buffer_, other.buffer_);
    std::swap(status_, other.status_);
    return *this;
  }
  // Inline by force: once a message (g++ 12: nine instructions an echo of `uring`).
  [[gnu::always_inline]] ~basic_lease() {
    if (buffer_ != nullptr) give_back_(buffer_);
  }

  io_result status() const noexcept { return status_; }
  std::span<const std::byte> bytes() const noexcept { return {buffer_, status_.count()}; }

 private:
  [[no_unique_address]] GiveBack give_back_;
  std::byte* buffer_ = nullptr;  // lent; null: nothing is
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
