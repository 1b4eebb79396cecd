// SPDX-License-Identifier: MIT
// Where a receive of the Boost.Asio runtimes puts its bytes. Two forms, named as other contestants
// name them:
// - owned: each session has a buffer, as in Boost's echo examples: of 1024 bytes, allocated with
//   the session by the ordinary allocator. A session that waits holds it.
// - lent: a session waits until its socket is readable, and the thread lends one of its 64 KiB
//   buffers from the receive to the end of the lease. A session that waits holds none. Asio's epoll
//   backend makes an epoll_ctl of each such wait.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace tailrace::asio {

struct buffer_options {
  bool lent = false;
  std::size_t bytes = 1024;  // most that one receive takes; lent: at most buffer_pool's
};

// That of one session. A lease that lives on while its session receives again keeps the buffer: the
// later receive gets another one for itself. One thread at a time.
class session_buffer {
 public:
  // 0 bytes: none, and nothing is taken from here.
  explicit session_buffer(std::size_t bytes)
      : own_(bytes > 0 ? std::make_unique_for_overwrite<std::byte[]>(bytes) : nullptr) {}

  // bytes: as constructed with.
  std::byte* take(std::size_t bytes) {
    if (std::exchange(out_, true))
      return std::make_unique_for_overwrite<std::byte[]>(bytes).release();
    return own_.get();
  }
  void give_back(std::byte* buffer) noexcept {
    if (buffer == own_.get())
      out_ = false;
    else
      std::default_delete<std::byte[]>()(buffer);
  }

 private:
  std::unique_ptr<std::byte[]> own_;
  bool out_ = false;  // own_ is
};

}  // namespace tailrace::asio
