// SPDX-License-Identifier: MIT
// Files of the io_uring runtime (extensions.hpp says what one promises): each read is an entry of
// the ring. The kernel tries it at once while it takes the entry, and goes on in the background
// where it must wait for the device; with options.async_files a thread of the kernel's (io-wq) does
// it from the start. One thread: that of their runtime. Cost: an entry, a completion.
#pragma once

#include <algorithm>
#include <cerrno>
#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/uring/runtime.hpp"

namespace tailrace::uring {

class file {
 public:
  file(runtime& owner, sys::descriptor opened, int place) noexcept
      : runtime_(&owner), file_(std::move(opened)), place_(place) {}
  file(file&& other) noexcept
      : runtime_(other.runtime_),
        file_(std::move(other.file_)),
        place_(std::exchange(other.place_, -1)) {}
  file& operator=(file&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(file_, other.file_);
    std::swap(place_, other.place_);
    return *this;
  }
  ~file() {
    if (place_ >= 0) runtime_->release_place(place_);
  }

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.get()); }
  class read_awaiter;
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept;

 private:
  friend class read_awaiter;
  void name_in(io_uring_sqe& entry) const noexcept {
    entry.fd = place_ >= 0 ? place_ : file_.get();
    if (place_ >= 0) entry.flags |= IOSQE_FIXED_FILE;
  }

  runtime* runtime_;
  sys::descriptor file_;
  int place_;  // in the ring's table of files; -1: none
};

class file::read_awaiter final : operation {
 public:
  read_awaiter(const file& from, std::uint64_t offset, std::span<std::byte> into) noexcept
      : operation(read_kind), from_(from), offset_(offset), into_(into) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept { return result_; }

 private:
  friend class runtime;
  static const operation_kind read_kind;

  bool begin(task_node& reader) noexcept {
    if (reader.owner->stop_requested()) [[unlikely]] {
      result_ = io_result::of_error(ECANCELED);
      return false;
    }
    runtime::sleep_in(*this, reader);
    queue();
    return true;
  }

  void queue() noexcept {
    runtime& owner = *from_.runtime_;
    io_uring_sqe& entry = owner.read_request(into_);
    from_.name_in(entry);
    entry.off = offset_;
    entry.addr = reinterpret_cast<std::uint64_t>(into_.data());
    // More than 2^30 bytes are a short read.
    entry.len = static_cast<std::uint32_t>(std::min(into_.size(), std::size_t{1} << 30));
    entry.user_data = data_of(static_cast<operation*>(this), tag::read);
  }

  // The completion; false: it has been queued again.
  bool completed(int result) noexcept {
    if (cancelled_) [[unlikely]] {
      result_ = io_result::of_error(ECANCELED);
      return true;
    }
    if (result >= 0) [[likely]] {
      result_ = io_result::of_count(static_cast<std::size_t>(result));
      return true;
    }
    if (result == -EINTR || result == -EAGAIN) {
      queue();
      return false;
    }
    result_ = sys::refused_read("io_uring read", from_.file_.get(), -result);
    return true;
  }

  // The memory is the kernel's until the completion, which may still be that of a whole read.
  static bool abandon(operation& op) noexcept {
    auto& read = static_cast<read_awaiter&>(op);
    read.cancelled_ = true;
    read.from_.runtime_->cancel_request(data_of(&op, tag::read));
    return false;
  }

  const file& from_;
  std::uint64_t offset_;
  std::span<std::byte> into_;
  io_result result_;
  bool cancelled_ = false;
};

inline constexpr operation_kind file::read_awaiter::read_kind{.abandon =
                                                                  &file::read_awaiter::abandon};

inline file::read_awaiter file::read_at(std::uint64_t offset,
                                        std::span<std::byte> into) const noexcept {
  return {*this, offset, into};
}

}  // namespace tailrace::uring
