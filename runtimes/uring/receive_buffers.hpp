// SPDX-License-Identifier: MIT
// Where received bytes lie, and the lease that lends them: a provided buffer that the kernel took
// (small messages) or a pooled one that a call filled (large ones). Both kinds are reused last in,
// first out. One thread; a lease must not outlive its runtime.
// Cost: taking and giving back, a few instructions: the address says which kind a buffer is.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/lease.hpp"
#include "runtimes/base/uring/buffer_ring.hpp"
#include "runtimes/uring/socket_slot.hpp"

namespace tailrace::uring {

class receive_buffers {
 public:
  explicit receive_buffers(buffer_ring&& provided)
      : provided_(std::move(provided)),
        first_(provided_.address(0)),
        bytes_(std::size_t{provided_.buffers()} * provided_.buffer_bytes()),
        shift_(std::countr_zero(provided_.buffer_bytes())),
        queued_(provided_.buffers()) {
    TAILRACE_CHECK_VALUES(std::has_single_bit(provided_.buffer_bytes()), provided_.buffer_bytes(),
                          0);
  }

  buffer_ring& provided() noexcept { return provided_; }
  buffer_pool& pool() noexcept { return pool_; }

  [[gnu::always_inline]] void give_back(std::byte* buffer) noexcept {
    const auto offset = static_cast<std::size_t>(buffer - first_);
    if (offset < bytes_) [[likely]]
      return provided_.recycle(static_cast<std::uint16_t>(offset >> shift_));
    pool_.give_back(buffer);
  }

  // Bytes for which nobody waits yet, in the order in which they came.
  void queue(socket_slot& slot, std::uint16_t id, std::uint32_t length) noexcept {
    queued_[id] = {0, length};
    (slot.waiting_buffers == 0 ? slot.first_buffer : queued_[slot.last_buffer].next) = id;
    slot.last_buffer = id;
    ++slot.waiting_buffers;
  }
  // Requires slot.waiting_buffers != 0.
  std::span<std::byte> take_queued(socket_slot& slot) noexcept {
    const std::uint16_t id = slot.first_buffer;
    slot.first_buffer = queued_[id].next;
    --slot.waiting_buffers;
    return {provided_.address(id), queued_[id].length};
  }
  void drop_queued(socket_slot& slot) noexcept {
    while (slot.waiting_buffers != 0)
      give_back(take_queued(slot).data());
  }

 private:
  struct queued {
    std::uint16_t next = 0;  // of the same slot
    std::uint32_t length = 0;
  };

  buffer_ring provided_;
  std::byte* first_;
  std::size_t bytes_;
  int shift_;                   // of buffer_bytes
  std::vector<queued> queued_;  // by buffer id
  buffer_pool pool_;
};

using lease = basic_lease<give_back_to<receive_buffers>>;

}  // namespace tailrace::uring
