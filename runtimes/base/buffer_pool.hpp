// SPDX-License-Identifier: MIT
// Receive buffers that are lent out once bytes are there. One thread. Last in, first out, so that
// an echo that finishes before the next one starts always works in the same, cache-warm buffer. A
// buffer stays out only while its bytes are being sent; at most spare_kept stay allocated when they
// come back.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/lease.hpp"

namespace tailrace {

class buffer_pool {
 public:
  static constexpr std::size_t buffer_bytes = 64 * 1024;  // as the hand-written floor's
  static constexpr std::size_t spare_kept = 64;

  buffer_pool() = default;
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;
  ~buffer_pool() {
    const std::size_t lent = allocated_ - spares_ - (hot_ == nullptr ? 0 : 1);
    TAILRACE_CHECK_VALUES(lent == 0, lent, 0);  // else a lease outlives its pool
    std::free(hot_);
    while (spare_ != nullptr)
      std::free(std::exchange(spare_, spare_->next));
  }

  // For pools between which buffers move: how many more were taken here than came back (negative:
  // the others'), which is from now on not held against this pool.
  std::ptrdiff_t forget_lent() noexcept {
    const std::size_t here = spares_ + (hot_ == nullptr ? 0 : 1);
    const auto lent = static_cast<std::ptrdiff_t>(allocated_ - here);
    allocated_ = here;
    return lent;
  }

  std::byte* take() {
    if (hot_ != nullptr) [[likely]]
      return std::exchange(hot_, nullptr);
    return take_spare();
  }

  void give_back(std::byte* bytes) noexcept {
    if (hot_ != nullptr) [[unlikely]]
      keep_spare(hot_);
    hot_ = bytes;
  }

 private:
  struct buffer {
    buffer* next;
  };

  [[gnu::noinline]] std::byte* take_spare() {
    if (spare_ == nullptr) {
      void* const fresh = std::aligned_alloc(4096, buffer_bytes);
      if (fresh == nullptr) throw std::bad_alloc();
      ++allocated_;
      return static_cast<std::byte*>(fresh);
    }
    --spares_;
    return reinterpret_cast<std::byte*>(std::exchange(spare_, spare_->next));
  }

  [[gnu::noinline]] void keep_spare(std::byte* bytes) noexcept {
    if (spares_ == spare_kept) {
      --allocated_;
      return std::free(bytes);
    }
    spare_ = ::new (static_cast<void*>(bytes)) buffer{spare_};
    ++spares_;
  }

  std::byte* hot_ = nullptr;  // the buffer that came back last; most echoes need no other
  buffer* spare_ = nullptr;
  std::size_t spares_ = 0;
  std::size_t allocated_ = 0;  // lent, spare or hot; counted where the usual echo does not come
};

using buffer_lease = basic_lease<give_back_to<buffer_pool>>;

}  // namespace tailrace
