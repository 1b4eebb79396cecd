// SPDX-License-Identifier: MIT
// The buffers that a ring lends to receives (io_uring_register_buf_ring(3), Linux 5.19), kept warm.
// The kernel takes buffers in the order in which they were published. Were all of them published,
// each would be cold when its turn came again; so only a window of them is, and what comes back
// last is published first. Where the window was too small for one batch (ENOBUFS), it doubles.
//
// Memory is reserved for many buffers and touched only as far as they are used at one time, so that
// connections whose peers do not read cannot take the last buffer from the others.
//
// One thread. A buffer taken and given back: some ten instructions.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tailrace {

class uring_buffers {
 public:
  static constexpr std::uint32_t published_most = 512;
  static constexpr std::uint32_t window_least = 64;

  uring_buffers() = default;
  uring_buffers(const uring_buffers&) = delete;
  uring_buffers& operator=(const uring_buffers&) = delete;
  ~uring_buffers();

  // 0, or a positive errno value. The ring must outlive this.
  int open(io_uring& ring, std::uint32_t buffer_bytes);
  bool is_open() const noexcept { return entries_ != nullptr; }

  std::byte* at(std::uint16_t id) const noexcept { return memory_ + std::size_t{id} * stride_; }
  std::uint32_t buffer_bytes() const noexcept { return buffer_bytes_; }
  // The buffer that the kernel took after this one. For completions that span several.
  std::uint16_t after(std::uint16_t id) const noexcept {
    return order_[(place_[id] + 1U) & (published_most - 1)];
  }

  // A completion named the buffer.
  void taken() noexcept { --published_; }
  void give_back(std::uint16_t id) noexcept { spare_[spare_count_++] = id; }
  // Before each wait.
  void publish() noexcept;
  void widen() noexcept;
  void widen_fully() noexcept { window_ = published_most; }

  std::uint32_t count() const noexcept { return count_; }
  std::uint32_t published() const noexcept { return published_; }
  std::uint32_t window() const noexcept { return window_; }
  // Half of all buffers are in use: connections should hold few.
  bool scarce() const noexcept { return spare_count_ < count_ / 2; }

 private:
  io_uring* ring_ = nullptr;
  io_uring_buf_ring* entries_ = nullptr;
  std::byte* memory_ = nullptr;
  std::uint32_t buffer_bytes_ = 0;
  std::uint32_t stride_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t published_ = 0;
  std::uint32_t window_ = window_least;
  std::uint16_t tail_ = 0;
  std::uint32_t spare_count_ = 0;
  std::vector<std::uint16_t> spare_;  // a stack, the next to publish on top
  std::vector<std::uint16_t> order_;  // by place in the ring
  std::vector<std::uint16_t> place_;  // by buffer
};

}  // namespace tailrace
