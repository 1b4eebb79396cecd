// SPDX-License-Identifier: MIT
// Files of the libuv runtime (extensions.hpp says what one promises): uv_fs_read() on libuv's
// thread pool. One thread: the loop's. Cost: a lock and a thread's wake-up, and one back through
// the loop's uv_async_t; no allocation, since the request lives in the awaiter: nothing resumes its
// task before libuv has called back.
#pragma once

#include <uv.h>

#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/libuv/runtime.hpp"

namespace tailrace::libuv {

class read_awaiter {
 public:
  read_awaiter(runtime& owner, int fd, std::uint64_t offset, std::span<std::byte> into) noexcept
      : runtime_(owner), fd_(fd), offset_(offset), into_(into) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle_ = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept { return result_; }

 private:
  bool begin(task_node& reader) noexcept;
  static void on_read(uv_fs_t* request);

  runtime& runtime_;
  int fd_;
  std::uint64_t offset_;
  std::span<std::byte> into_;
  std::coroutine_handle<> handle_;
  task_node* node_ = nullptr;
  io_result result_;
  uv_fs_t request_;
};

class file {
 public:
  file(runtime& owner, sys::descriptor opened) noexcept
      : runtime_(&owner), file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.get()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {*runtime_, file_.get(), offset, into};
  }

 private:
  runtime* runtime_;
  sys::descriptor file_;
};

}  // namespace tailrace::libuv
