// SPDX-License-Identifier: MIT
// Where libuv reads into, in both styles (options.hpp), and how it goes back: what the callbacks of
// a connection and the leases of its task use. One thread: the loop's. Cost: lean: none, once warm;
// guide: malloc and free for each read.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/lease.hpp"
#include "runtimes/libuv/options.hpp"

namespace tailrace::libuv {

// To the loop that lent it, or, null, to malloc's free.
struct give_back {
  buffer_pool* pool = nullptr;

  void operator()(std::byte* buffer) const noexcept {
    if (pool != nullptr) [[likely]]
      return pool->give_back(buffer);
    std::free(buffer);
  }
};

using lease = basic_lease<give_back>;

class receive_buffers {
 public:
  explicit receive_buffers(style how) noexcept : how_(how) {}

  // What libuv's allocation callback answers; without memory none, and the read gets UV_ENOBUFS.
  uv_buf_t take(std::size_t suggested) noexcept {
    if (how_ == style::lean) [[likely]]
      return lend();
    auto* const fresh = static_cast<char*>(std::malloc(suggested));
    return uv_buf_init(fresh, fresh == nullptr ? 0 : static_cast<unsigned>(suggested));
  }
  // For a buffer that take() gave.
  give_back way_back() noexcept { return {how_ == style::lean ? &pool_ : nullptr}; }

 private:
  uv_buf_t lend() noexcept {
    try {
      return uv_buf_init(reinterpret_cast<char*>(pool_.take()), buffer_pool::buffer_bytes);
    } catch (const std::bad_alloc&) {
      return uv_buf_init(nullptr, 0);
    }
  }

  style how_;
  buffer_pool pool_;
};

}  // namespace tailrace::libuv
