// SPDX-License-Identifier: MIT
// Files of the local executor (extensions.hpp says what one promises): read by the executor itself
// or by its blocking pool (base/pooled_read.hpp). One thread: that of their runtime.
// Cost: what the page cache has, a system call; else a lock, a thread's wake-up, and one back.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "runtimes/base/io_result.hpp"
#include "runtimes/base/pooled_read.hpp"
#include "runtimes/local/poller.hpp"
#include "runtimes/single/operation.hpp"

namespace tailrace::local {

class read_awaiter final : public single::awaitable<read_awaiter, single::task_operation>,
                           public blocking_call {
 public:
  read_awaiter(poller& owner, const pooled_file& from, std::uint64_t offset,
               std::span<std::byte> into) noexcept
      : blocking_call{.run = &run_call}, owner_(owner), read_(from, offset, into) {}

  io_result await_resume() const noexcept {
    return cancelled_ ? io_result::of_error(ECANCELED) : read_.result();
  }

  bool begin(task_node& reader) {
    if (read_.try_at_once()) return owner_.takes_turns(reader);
    owner_.blocking().submit(*this);  // May throw; then the task does not wait.
    sleep(reader);
    return true;
  }
  void set_cancelled() noexcept { cancelled_ = true; }
  bool leave() noexcept { return false; }  // Until the call has ended the memory is the pool's.

 private:
  // On a thread of the pool.
  static void run_call(blocking_call& call) noexcept {
    auto& self = static_cast<read_awaiter&>(call);
    self.read_.read_rest();
    self.owner_.call_finished(call);  // The task may be gone by now.
  }

  poller& owner_;
  pooled_read read_;
  bool cancelled_ = false;
};

class file {
 public:
  file(poller& owner, pooled_file opened) noexcept : owner_(&owner), file_(std::move(opened)) {}

  std::uint64_t bytes() const noexcept { return sys::file_bytes(file_.descriptor()); }
  read_awaiter read_at(std::uint64_t offset, std::span<std::byte> into) const noexcept {
    return {*owner_, file_, offset, into};
  }

 private:
  poller* owner_;
  pooled_file file_;
};

}  // namespace tailrace::local
