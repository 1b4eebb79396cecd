// SPDX-License-Identifier: MIT
// See uring_buffers.hpp.
#include "runtimes/bare/uring_buffers.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

namespace tailrace {
namespace {

constexpr std::size_t reserved_bytes_most = std::size_t{1} << 28;
constexpr std::uint32_t buffers_most = 32768;
// Buffers a multiple of 4 KiB apart would share one set of the first-level cache.
constexpr std::uint32_t stagger_bytes = 64;
constexpr std::uint16_t group = 0;

void* reserve(std::size_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

int uring_buffers::open(io_uring& ring, std::uint32_t buffer_bytes) {
  buffer_bytes_ = buffer_bytes;
  stride_ = buffer_bytes + stagger_bytes;
  count_ = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(reserved_bytes_most / stride_, 2 * published_most, buffers_most));
  void* const entries = reserve(sizeof(io_uring_buf) * published_most);
  if (entries == nullptr) return ENOMEM;
  memory_ = static_cast<std::byte*>(reserve(std::size_t{count_} * stride_));
  io_uring_buf_reg shape{};
  shape.ring_addr = reinterpret_cast<std::uint64_t>(entries);
  shape.ring_entries = published_most;
  shape.bgid = group;
  const int refused = memory_ == nullptr ? -ENOMEM : ::io_uring_register_buf_ring(&ring, &shape, 0);
  if (refused != 0) {
    ::munmap(entries, sizeof(io_uring_buf) * published_most);
    return -refused;
  }
  ring_ = &ring;
  entries_ = static_cast<io_uring_buf_ring*>(entries);
  spare_.resize(count_);
  order_.resize(published_most);
  place_.resize(count_);
  for (std::uint32_t i = 0; i < count_; ++i)
    spare_[i] = static_cast<std::uint16_t>(count_ - 1 - i);
  spare_count_ = count_;
  return 0;
}

uring_buffers::~uring_buffers() {
  if (memory_ != nullptr) ::munmap(memory_, std::size_t{count_} * stride_);
  if (entries_ == nullptr) return;
  static_cast<void>(::io_uring_unregister_buf_ring(ring_, group));
  ::munmap(entries_, sizeof(io_uring_buf) * published_most);
}

void uring_buffers::publish() noexcept {
  if (published_ >= window_ || spare_count_ == 0) return;
  while (published_ < window_ && spare_count_ > 0) {
    const std::uint16_t id = spare_[--spare_count_];
    const std::uint32_t place = tail_ & (published_most - 1);
    io_uring_buf& entry = entries_->bufs[place];
    entry.addr = reinterpret_cast<std::uint64_t>(at(id));
    entry.len = buffer_bytes_;
    entry.bid = id;
    order_[place] = id;
    place_[id] = static_cast<std::uint16_t>(place);
    ++tail_;
    ++published_;
  }
  // release: pairs with the kernel's acquire of the tail; the entries before it are written.
  io_uring_smp_store_release(&entries_->tail, tail_);
}

void uring_buffers::widen() noexcept {
  window_ = std::min(2 * window_, published_most);
}

}  // namespace tailrace
