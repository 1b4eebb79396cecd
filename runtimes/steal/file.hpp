// SPDX-License-Identifier: MIT
// Files of the work-stealing runtime (extensions.hpp says what one promises): read by the worker
// itself or by the blocking pool (base/pooled_read.hpp). Tasks of the runtime.
// Cost: what the page cache has, a system call; else a lock, a thread's wake-up, and one back.
#pragma once

#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/pooled_read.hpp"
#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {

class read_awaiter final : blocking_call {
 public:
  read_awaiter(scheduler& owner, const pooled_file& from, std::uint64_t offset,
               std::span<std::byte> into) noexcept
      : blocking_call{.run = &run_call}, scheduler_(owner), read_(from, offset, into) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    node_ = &self.promise().node();
    node_->handle = self;
    return begin();
  }
  io_result await_resume() noexcept {
    if (waited_ && node_->owner->stop_requested()) [[unlikely]]
      read_.cancel();
    return read_.result();
  }

 private:
  bool begin() {
    if (node_->owner->stop_requested()) [[unlikely]] {
      read_.cancel();
      return false;
    }
    if (read_.try_at_once()) {
      worker& here = *worker::current();
      if (here.within_budget()) return false;
      here.counters().forced_yields.add(1);
      here.requeue(*node_);
      return true;
    }
    waited_ = true;
    // Not announced in node_->waiting: until the call has ended the memory is the kernel's.
    scheduler_.blocking().submit(*this);
    return true;
  }

  // On a thread of the pool.
  static void run_call(blocking_call& call) noexcept {
    auto& self = static_cast<read_awaiter&>(call);
    self.read_.read_rest();
    self.scheduler_.schedule(*self.node_);  // The task may be gone by now.
  }

  scheduler& scheduler_;
  task_node* node_ = nullptr;
  pooled_read read_;
  bool waited_ = false;
};

class file {
 public:
  file(scheduler& owner, pooled_file opened) noexcept
      : scheduler_(&owner), file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.descriptor()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {*scheduler_, file_, offset, into};
  }

 private:
  scheduler* scheduler_;
  pooled_file file_;
};

}  // namespace tailrace::steal
