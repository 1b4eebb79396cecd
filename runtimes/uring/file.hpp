// SPDX-License-Identifier: MIT
// Files of the io_uring runtime (extensions.hpp says what one promises): each read is an entry of
// the ring. The kernel tries it at once while it takes the entry, and goes on in the background
// where it must wait for the device; or a thread of the kernel's (io-wq) does it from the start:
// options.files says which. One thread: that of their runtime. Cost: an entry, a completion.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/single/operation.hpp"
#include "runtimes/uring/poller.hpp"

namespace tailrace::uring {

// An open file, its place in the ring's table, and who reads it.
class placed_file {
 public:
  placed_file(poller& owner, sys::descriptor opened, file_access how) noexcept
      : owner_(&owner),
        file_(std::move(opened)),
        place_(owner.registered().take_place(file_.get())),
        read_by_threads_(owner.reads_by_threads(how)) {}
  placed_file(placed_file&& other) noexcept
      : owner_(other.owner_),
        file_(std::move(other.file_)),
        place_(std::exchange(other.place_, registrations::no_place)),
        read_by_threads_(other.read_by_threads_) {}
  placed_file& operator=(placed_file&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(file_, other.file_);
    std::swap(place_, other.place_);
    std::swap(read_by_threads_, other.read_by_threads_);
    return *this;
  }
  ~placed_file() {
    if (has_place()) owner_->registered().give_back_place(place_);
  }

  poller& owner() const noexcept { return *owner_; }
  int descriptor() const noexcept { return file_.get(); }
  void name_in(io_uring_sqe& entry) const noexcept {
    entry.fd = has_place() ? place_ : file_.get();
    if (has_place()) entry.flags |= IOSQE_FIXED_FILE;
    if (read_by_threads_) entry.flags |= IOSQE_ASYNC;
  }

 private:
  bool has_place() const noexcept { return place_ != registrations::no_place; }

  poller* owner_;
  sys::descriptor file_;
  int place_;
  bool read_by_threads_;
};

class read_awaiter final : public single::awaitable<read_awaiter, single::task_operation> {
 public:
  read_awaiter(const placed_file& from, std::uint64_t offset, std::span<std::byte> into) noexcept
      : from_(from), offset_(offset), into_(into) {}

  io_result await_resume() const noexcept { return result_; }

  bool begin(task_node& reader) noexcept {
    sleep(reader);
    queue();
    return true;
  }
  // The completion; false: it has been queued again.
  bool completed(int result) noexcept {
    if (cancelled_) [[unlikely]]
      return true;
    if (result >= 0) [[likely]] {
      result_ = io_result::of_count(static_cast<std::size_t>(result));
      return true;
    }
    if (result == -EINTR || result == -EAGAIN) {
      queue();
      return false;
    }
    result_ = sys::refused_read("io_uring read", from_.descriptor(), -result);
    return true;
  }
  void set_cancelled() noexcept {
    cancelled_ = true;
    result_ = io_result::of_error(ECANCELED);
  }
  // The memory is the kernel's until the completion, which may still be that of a whole read.
  bool leave() noexcept {
    from_.owner().requests().cancel(data_of(this, tag::read));
    return false;
  }

 private:
  void queue() noexcept {
    io_uring_sqe& entry = from_.owner().read_request(into_);
    from_.name_in(entry);
    entry.off = offset_;
    entry.addr = reinterpret_cast<std::uint64_t>(into_.data());
    // More than 2^30 bytes are a short read.
    entry.len = static_cast<std::uint32_t>(std::min(into_.size(), std::size_t{1} << 30));
    entry.user_data = data_of(this, tag::read);
  }

  const placed_file& from_;
  std::uint64_t offset_;
  std::span<std::byte> into_;
  io_result result_;
  bool cancelled_ = false;
};

class file {
 public:
  file(poller& owner, sys::descriptor opened, file_access how) noexcept
      : file_(owner, std::move(opened), how) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.descriptor()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {file_, offset, into};
  }

 private:
  placed_file file_;
};

}  // namespace tailrace::uring
