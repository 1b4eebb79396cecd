// SPDX-License-Identifier: MIT
// The local executor: one thread, one epoll, no locks and no atomic read-modify-write on any path
// that a task takes. Thread per core = several of these, each with its own listener on a shared
// port.
//
// A turn of the loop: run what is ready, take events, try the operations that waited for them and
// resume their tasks at once, then expire timers. Operations try the system call first and suspend
// only when it would block. A task that always succeeds at once is sent to the back after
// coop_budget operations.
//
// To read: single/loop.hpp (tasks), poller.hpp (events), stream.hpp (what an operation does).
//
// Threads: everything belongs to the thread that calls run(), except request_stop() and metrics().
// Cost: an awaited operation stores three words; a system call; no allocation.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/local/file.hpp"
#include "runtimes/local/poller.hpp"
#include "runtimes/local/stream.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/single/event.hpp"
#include "runtimes/task.hpp"

namespace tailrace::local {

class runtime final : public poller {
 public:
  static constexpr std::string_view id = "local";

  using stream = local::stream;
  using listener = local::listener;
  using event = single::event;
  using file = local::file;

  // window: how late a timer may fire so that others fire with it (base/timer_window.hpp).
  explicit runtime(registration how = registration::once, file_options files = {},
                   std::chrono::nanoseconds window = timer_window::default_length)
      : poller(how, files.threads, window), file_mode_(files.mode) {}

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
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

 private:
  file_mode file_mode_;
};

}  // namespace tailrace::local
