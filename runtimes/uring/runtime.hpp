// SPDX-License-Identifier: MIT
// The thread-per-core runtime over io_uring: one thread, one ring, no locks and no atomic
// read-modify-write on any path that a task takes. Several of these, each with its own listener on
// a shared port, are the whole of a machine.
//
// A turn of the loop: run what is ready, up to a budget; submit what that queued and wait, in one
// system call; take all completions and resume their tasks at once; expire timers. A task that
// always succeeds at once is sent to the back after coop_budget operations.
//
// The kernel owns what an operation gave it until the operation's final completion, also after a
// cancel: a cancelled send resumes its task only then. Receives give it nothing: bytes come into
// provided buffers, or are fetched by a call once they are there. README.md in this folder has the
// protocols, the traps and the switches.
//
// To read: single/loop.hpp (tasks), poller.hpp (the ring), stream.hpp (what an operation does),
// completions.cpp (how it ends).
//
// Threads: everything belongs to the thread that calls run(), except request_stop() and metrics();
// constructor and destructor may be called on another. Cost: an echo is two completions and one
// entry; no allocation.
// Sources: liburing's examples/proxy.c and echo-server.c; Glommio's and monoio's loops; see
// README.md.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/single/event.hpp"
#include "runtimes/task.hpp"
#include "runtimes/uring/cpu_time.hpp"
#include "runtimes/uring/file.hpp"
#include "runtimes/uring/poller.hpp"
#include "runtimes/uring/stream.hpp"

namespace tailrace::uring {

class runtime final : public poller {
 public:
  static constexpr std::string_view id = "uring";

  using stream = uring::stream;
  using listener = uring::listener;
  using event = single::event;
  using file = uring::file;

  // With options::shared_accept it accepts as one of the group, or as a group of its own. Throws
  // unavailable.
  explicit runtime(const options& chosen = {}, accept_group* group = nullptr)
      : poller(chosen, group) {}

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  // Registers memory with the kernel, which then need not look it up for each read into it. False:
  // reads work all the same (registrations.hpp). One piece; it outlives what reads into it, and
  // must be unregistered before it goes.
  bool register_memory(std::span<std::byte> memory);
  void unregister_memory() noexcept { registrations_.unregister_memory(); }
  single::sleep_awaiter sleep_until(const timer_heap::time& deadline) noexcept {
    return {timers_, deadline};
  }
  single::yield_awaiter yield() noexcept { return single::yield_awaiter(ready_); }
  void run(task<void> main);
  void request_stop() noexcept {
    ask_to_stop();
    wake();
  }
  runtime_metrics metrics() const;

  // From the first listen() or run() on: what the kernel gave ("ring"), and the wishes that it did
  // not ("ring_missing"), as words; by what other threads wake it ("wake"); with files open,
  // whether they and their memory are registered.
  std::vector<std::pair<std::string, std::string>> granted() const;

 private:
  bool files_opened_ = false;
  cpu_time cpu_time_;
};

}  // namespace tailrace::uring
