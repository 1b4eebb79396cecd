// SPDX-License-Identifier: MIT
// Buffers that the kernel takes by itself when bytes are there (a provided-buffer ring, Linux
// 5.19): no idle connection holds one. A completion names the buffer that it filled by its id.
//
// The kernel takes what was published in the order of publication. A ring that publishes all its
// buffers therefore goes round them all, and each is cold in the cache when it is used again.
// So only a window of them is published: buffers that come back wait in a stack, and the one that
// came back last is published first. The window is what one batch of completions may need; where
// that was too small (ENOBUFS), widen() doubles it, up to all buffers.
//
// One thread, the ring's. recycle() and take-backs are a few instructions; publish() one release
// store a batch. The ring, that of `owner`, must outlive it.
// Source: io_uring_register_buf_ring(3); the window and its stack are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "runtimes/base/check.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace::uring {

struct buffer_ring_shape {
  std::uint16_t group = 0;      // the buffer group that receives name
  std::uint32_t buffers = 256;  // a power of two, at most 32768
  std::uint32_t buffer_bytes = 4096;
  std::uint32_t window = 64;  // published at first; at least 1
};

class buffer_ring {
 public:
  static std::expected<buffer_ring, refusal> create(ring& owner, const buffer_ring_shape& shape);
  buffer_ring(buffer_ring&& other) noexcept;
  buffer_ring& operator=(buffer_ring&& other) noexcept;
  // Unregisters it. No request that may take a buffer is in flight any more.
  ~buffer_ring();

  std::uint16_t group() const noexcept { return shape_.group; }
  std::uint32_t buffer_bytes() const noexcept { return shape_.buffer_bytes; }
  std::uint32_t buffers() const noexcept { return shape_.buffers; }
  std::uint32_t window() const noexcept { return shape_.window; }

  std::byte* address(std::uint16_t id) const noexcept {
    return memory_ + std::size_t{id} * shape_.buffer_bytes;
  }
  static std::uint16_t id_of(const io_uring_cqe& completion) noexcept {
    return static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
  }

  // A completion named a buffer: the kernel has taken it out of the ring.
  void taken() noexcept { --published_; }
  // Who had the buffer needs it no more. It is the first to be published next.
  void recycle(std::uint16_t id) noexcept {
    TAILRACE_DCHECK(spares_ < shape_.buffers);
    spare_[spares_++] = id;
  }
  // Fills the window up. Before every submit-and-wait.
  void publish() noexcept {
    if (published_ < shape_.window && spares_ != 0) publish_more();
  }

  // Buffers that the kernel can take now, going by the completions seen so far.
  std::uint32_t published() const noexcept { return published_; }
  // Neither with the kernel nor spare.
  std::uint32_t lent() const noexcept { return shape_.buffers - published_ - spares_; }
  // After ENOBUFS. False: all buffers are published or lent already.
  bool widen() noexcept;

 private:
  buffer_ring() = default;
  void publish_more() noexcept;

  buffer_ring_shape shape_;
  io_uring* owner_ = nullptr;  // null: nothing is owned
  // Not an io_uring_buf_ring: its array does not begin at offset 0 where C++ compiles the header.
  io_uring_buf* entries_ = nullptr;
  std::byte* memory_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::uint32_t published_ = 0;
  std::uint16_t tail_ = 0;  // what will be published, modulo 2^16
  std::uint32_t spares_ = 0;
  std::unique_ptr<std::uint16_t[]> spare_;  // a stack of ids
};

}  // namespace tailrace::uring
