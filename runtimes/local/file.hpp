// SPDX-License-Identifier: MIT
// Files of the local executor (extensions.hpp says what one promises): read by the executor itself
// or by its blocking pool (base/pooled_read.hpp). One thread: that of their runtime.
// Cost: what the page cache has, a system call; else a lock, a thread's wake-up, and one back.
#pragma once

#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/pooled_read.hpp"
#include "runtimes/local/runtime.hpp"

namespace tailrace::local {

class read_awaiter final : runnable, blocking_call {
 public:
  read_awaiter(runtime& owner, const pooled_file& from, std::uint64_t offset,
               std::span<std::byte> into) noexcept
      : blocking_call{.run = &run_call}, runtime_(owner), read_(from, offset, into) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    return begin(self.promise().node());
  }
  io_result await_resume() const noexcept { return read_.result(); }

 private:
  friend class runtime;

  bool begin(task_node& reader) {
    node_ = &reader;
    if (reader.owner->stop_requested()) [[unlikely]] {
      read_.cancel();
      return false;
    }
    if (read_.try_at_once()) {
      if (runtime_.within_budget()) return false;
      runtime_.make_ready(*this);
      return true;
    }
    // Not in node_->waiting: until the call has ended the memory is the kernel's.
    runtime_.blocking().submit(*this);
    return true;
  }

  // On a thread of the pool.
  static void run_call(blocking_call& call) noexcept {
    auto& self = static_cast<read_awaiter&>(call);
    self.read_.read_rest();
    self.runtime_.call_finished(call);  // The task may be gone by now.
  }

  // On the runtime's thread.
  void complete() noexcept {
    if (node_->owner->stop_requested()) [[unlikely]]
      read_.cancel();
    handle.resume();
  }

  runtime& runtime_;
  task_node* node_ = nullptr;
  pooled_read read_;
};

class file {
 public:
  file(runtime& owner, pooled_file opened) noexcept : runtime_(&owner), file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.descriptor()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {*runtime_, file_, offset, into};
  }

 private:
  runtime* runtime_;
  pooled_file file_;
};

}  // namespace tailrace::local
