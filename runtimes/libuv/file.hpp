// SPDX-License-Identifier: MIT
// Files of the libuv runtime (extensions.hpp says what one promises): uv_fs_read() on libuv's
// thread pool. One thread: the loop's. Cost: a lock and a thread's wake-up, and one back through
// the loop's uv_async_t; no allocation, since the request lives in the awaiter: nothing resumes its
// task before libuv has called back.
#pragma once

#include <uv.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/libuv/poller.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::libuv {

class read_awaiter final : public single::awaitable<read_awaiter, single::task_operation> {
 public:
  read_awaiter(poller& owner, int fd, std::uint64_t offset, std::span<std::byte> into) noexcept
      : owner_(owner), fd_(fd), offset_(offset), into_(into) {}

  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : result_;
  }

  bool begin(task_node& reader) noexcept;
  void set_cancelled() noexcept { cancelled_ = true; }
  bool leave() noexcept { return false; }  // Until libuv calls back the memory is its pool's.

 private:
  static void on_read(uv_fs_t* request);

  poller& owner_;
  int fd_;
  std::uint64_t offset_;
  std::span<std::byte> into_;
  io_result result_;
  bool cancelled_ = false;
  uv_fs_t request_;
};

class file {
 public:
  file(poller& owner, sys::descriptor opened) noexcept : owner_(&owner), file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.get()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {*owner_, file_.get(), offset, into};
  }

 private:
  poller* owner_;
  sys::descriptor file_;
};

}  // namespace tailrace::libuv
