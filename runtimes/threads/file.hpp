// SPDX-License-Identifier: MIT
// Files of the threads runtime (extensions.hpp says what one promises): a read is pread(2) on the
// task's own thread. Any task; cost: the call.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/threads/blocking_awaiter.hpp"
#include "runtimes/threads/blocking_task.hpp"

namespace tailrace::threads {

inline io_result blocking_read(int fd, std::uint64_t offset, std::span<std::byte> into,
                               const task_node& node) noexcept {
  if (node.owner->stop_requested()) return io_result::of_error(ECANCELED);
  const int refusal = blocking_task_of(node).refusal;
  return refusal != 0 ? io_result::of_error(refusal) : sys::read_at(fd, into, offset);
}

class file {
 public:
  using read_awaiter = blocking_awaiter<&blocking_read, int, std::uint64_t, std::span<std::byte>>;

  explicit file(sys::descriptor opened) noexcept : file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.get()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return read_awaiter(file_.get(), offset, into);
  }

 private:
  sys::descriptor file_;
};

}  // namespace tailrace::threads
