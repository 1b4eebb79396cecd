// SPDX-License-Identifier: MIT
// Files of the threads runtime (extensions.hpp says what one promises): a read is pread(2) on the
// task's own thread. Any task; cost: the call.
#pragma once

#include <cerrno>
#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/threads/blocking_task.hpp"

namespace tailrace::threads {

class file {
 public:
  class read_awaiter {
   public:
    read_awaiter(int fd, std::uint64_t offset, std::span<std::byte> into) noexcept
        : fd_(fd), offset_(offset), into_(into) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      const task_node& node = self.promise().node();
      const int refusal = blocking_task_of(node).refusal;
      if (node.owner->stop_requested())
        result_ = io_result::of_error(ECANCELED);
      else if (refusal != 0)
        result_ = io_result::of_error(refusal);
      else
        result_ = sys::read_at(fd_, into_, offset_);
      return false;
    }
    io_result await_resume() const noexcept { return result_; }

   private:
    int fd_;
    std::uint64_t offset_;
    std::span<std::byte> into_;
    io_result result_;
  };

  explicit file(sys::descriptor opened) noexcept : file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.get()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {file_.get(), offset, into};
  }

 private:
  sys::descriptor file_;
};

}  // namespace tailrace::threads
