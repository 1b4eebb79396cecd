// SPDX-License-Identifier: MIT
// How a runtime without a kernel that reads in the background reads a file: on the thread that
// asks, or on one of a blocking pool. Shared by the runtimes over epoll.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/blocking_pool.hpp"
#include "runtimes/base/file_calls.hpp"

namespace tailrace {

// automatic: what the page cache has, at once (RWF_NOWAIT); the rest in the pool. pool: all in the
// pool. inlined: on the asking thread, which waits for the device meanwhile, with all its tasks.
enum class file_mode : std::uint8_t { automatic, pool, inlined };

struct file_options {
  file_mode mode = file_mode::automatic;
  std::uint32_t threads = 512;  // most threads of the pool
};

// What R::file owns. Several tasks may read at once.
class pooled_file {
 public:
  pooled_file(sys::descriptor file, file_access how, file_mode mode) noexcept
      : file_(std::move(file)), mode_(how.direct ? without_cache(mode) : mode) {}

  int descriptor() const noexcept { return file_.get(); }
  file_mode mode() const noexcept { return mode_; }

 private:
  // A direct read finds nothing in the cache: it always waits.
  static file_mode without_cache(file_mode mode) noexcept {
    return mode == file_mode::automatic ? file_mode::pool : mode;
  }

  sys::descriptor file_;
  file_mode mode_;
};

// One read. Base of the awaiters.
class pooled_read {
 public:
  pooled_read(const pooled_file& file, std::uint64_t offset, std::span<std::byte> into) noexcept
      : file_(file), offset_(offset), rest_(into) {}

  // True: the read is over. False: read_rest() is to be called where it may block.
  bool try_at_once() noexcept {
    switch (file_.mode()) {
      case file_mode::pool:
        return false;
      case file_mode::inlined:
        read_rest();
        return true;
      case file_mode::automatic:
        break;
    }
    const io_result got = sys::read_cached_at(file_.descriptor(), rest_, offset_);
    if (!got.ok()) {
      if (got.error() == EAGAIN) return false;
      result_ = got;
      return true;
    }
    advance(got.count());
    return rest_.empty() || got.count() == 0;
  }

  void read_rest() noexcept {
    const io_result got = sys::read_at(file_.descriptor(), rest_, offset_);
    if (got.ok())
      advance(got.count());
    else
      result_ = got;
  }

  void cancel() noexcept { result_ = io_result::of_error(ECANCELED); }
  io_result result() const noexcept { return result_; }

 private:
  void advance(std::size_t count) noexcept {
    result_ = io_result::of_count(result_.count() + count);
    offset_ += count;
    rest_ = rest_.subspan(count);
  }

  const pooled_file& file_;
  std::uint64_t offset_;
  std::span<std::byte> rest_;
  io_result result_;
};

}  // namespace tailrace
