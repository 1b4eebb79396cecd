// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/buffer_ring.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

namespace tailrace::uring {
namespace {

constexpr std::size_t page_bytes = 4096;

constexpr std::size_t rounded_to_pages(std::size_t bytes) {
  return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

std::expected<buffer_ring, refusal> buffer_ring::create(ring& owner,
                                                        const buffer_ring_shape& shape) {
  TAILRACE_CHECK_VALUES(std::has_single_bit(shape.buffers), shape.buffers, 0);
  TAILRACE_CHECK_VALUES(shape.buffers <= 32768, shape.buffers, 32768);
  TAILRACE_CHECK_VALUES(shape.window >= 1, shape.window, 1);
  buffer_ring made;
  made.shape_ = shape;
  made.shape_.window = std::min(shape.window, shape.buffers);
  // One mapping: the entries, which must begin a page, then the buffers. Pages that no buffer of
  // the window ever touches cost nothing.
  const std::size_t entries_bytes = rounded_to_pages(shape.buffers * sizeof(io_uring_buf));
  const std::size_t bytes = entries_bytes + std::size_t{shape.buffers} * shape.buffer_bytes;
  void* const mapped =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return std::unexpected(explain(errno));
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(mapped);
  registration.ring_entries = shape.buffers;
  registration.bgid = shape.group;
  const int refused = ::io_uring_register_buf_ring(&owner.native(), &registration, 0);
  if (refused != 0) {
    ::munmap(mapped, bytes);
    return std::unexpected(refused == -EINVAL ? too_old("provided-buffer rings", "5.19")
                                              : explain(-refused));
  }
  made.owner_ = &owner.native();
  made.entries_ = static_cast<io_uring_buf*>(mapped);
  made.memory_ = static_cast<std::byte*>(mapped) + entries_bytes;
  made.mapped_bytes_ = bytes;
  made.spare_ = std::make_unique_for_overwrite<std::uint16_t[]>(shape.buffers);
  for (std::uint32_t id = shape.buffers; id-- > 0;)
    made.recycle(static_cast<std::uint16_t>(id));
  made.publish();
  return made;
}

buffer_ring::buffer_ring(buffer_ring&& other) noexcept {
  *this = std::move(other);
}

buffer_ring& buffer_ring::operator=(buffer_ring&& other) noexcept {
  std::swap(shape_, other.shape_);
  std::swap(owner_, other.owner_);
  std::swap(entries_, other.entries_);
  std::swap(memory_, other.memory_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  std::swap(published_, other.published_);
  std::swap(tail_, other.tail_);
  std::swap(spares_, other.spares_);
  std::swap(spare_, other.spare_);
  return *this;
}

buffer_ring::~buffer_ring() {
  if (owner_ == nullptr) return;
  // Refused from another thread than the ring's; then the ring's end unregisters it, which may
  // read but never write the entries without a request in flight.
  static_cast<void>(::io_uring_unregister_buf_ring(owner_, shape_.group));
  ::munmap(entries_, mapped_bytes_);
}

void buffer_ring::publish_more() noexcept {
  // In locals: what is written below might be these members, as far as a compiler knows.
  const std::uint32_t count = std::min(shape_.window - published_, spares_);
  const std::uint32_t mask = shape_.buffers - 1;
  const std::uint32_t bytes = shape_.buffer_bytes;
  const std::byte* const memory = memory_;
  io_uring_buf* const entries = entries_;
  const std::uint16_t* next = spare_.get() + spares_;
  std::uint32_t tail = tail_;
  for (const std::uint32_t end = tail + count; tail != end; ++tail) {
    const std::uint16_t id = *--next;
    // Field by field: the ring's tail lies over the reserved field of its first entry.
    io_uring_buf& entry = entries[tail & mask];
    entry.addr = reinterpret_cast<std::uint64_t>(memory + std::size_t{id} * bytes);
    entry.len = bytes;
    entry.bid = id;
  }
  spares_ -= count;
  published_ += count;
  tail_ = static_cast<std::uint16_t>(tail);
  // release: pairs with the kernel's acquire of the tail; the entries before it are written.
  io_uring_smp_store_release(&entries[0].resv, tail_);
}

bool buffer_ring::widen() noexcept {
  if (shape_.window == shape_.buffers) return false;
  shape_.window = std::min(2 * shape_.window, shape_.buffers);
  return true;
}

}  // namespace tailrace::uring
