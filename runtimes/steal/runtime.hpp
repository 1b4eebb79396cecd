// SPDX-License-Identifier: MIT
// The work-stealing runtime: N workers, each with a queue that the others steal from, over epoll.
// Tasks move between threads; nothing else about them changes. README.md in this folder describes
// the protocols (waking, reactor, cancellation, shutdown) and the measured defaults.
//
// Threads: request_stop(), metrics() and set() of events: any (the latter where
// options.foreign_threads says so); run(): the owner, who becomes worker 0; everything else: tasks
// of this runtime.
// Cost of an echo: that of local/ plus a queue's push and pop and six atomic read-modify-writes,
// with one worker as with many.
// Sources: Tokio's multi-threaded scheduler and Go's, rules in worker.hpp and base/parking.hpp;
// Go's netpoll for readiness (base/readiness.hpp).
#pragma once

#include <chrono>
#include <coroutine>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/completion.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/steal/event.hpp"
#include "runtimes/steal/file.hpp"
#include "runtimes/steal/options.hpp"
#include "runtimes/steal/run_blocking.hpp"
#include "runtimes/steal/scheduler.hpp"
#include "runtimes/steal/sleep.hpp"
#include "runtimes/steal/stream.hpp"
#include "runtimes/task.hpp"

namespace tailrace::steal {

class yield_awaiter {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) noexcept {
    task_node& node = self.promise().node();
    node.handle = self;
    worker::current()->requeue(node);
  }
  void await_resume() const noexcept {}
};

class scope_mutex : public spinlock {
 public:
  explicit scope_mutex(const scheduler& owner) noexcept : spinlock(owner.shared_by()) {}
};

class runtime final : public scheduler {
 public:
  static constexpr std::string_view id = "steal";
  static constexpr bool single_threaded = false;
  static constexpr bool has_own_workers = true;
  static constexpr bool has_distributions = true;       // where options.measure_tasks says so
  static constexpr bool spawns_from_any_thread = true;  // where options.foreign_threads says so

  using stream = steal::stream;
  using listener = steal::listener;
  using event = steal::event;
  using file = steal::file;
  using mutex_type = scope_mutex;
  using completion = tailrace::completion<scheduler>;

  // Throws std::system_error where the kernel refuses an epoll or an eventfd.
  explicit runtime(options chosen = {}) : scheduler(std::move(chosen)) {}

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter sleep_until(const std::chrono::steady_clock::time_point& deadline) noexcept {
    return sleep_awaiter(deadline);
  }
  yield_awaiter yield() noexcept { return {}; }
  template <class Callable>
  blocking_awaiter<Callable> run_blocking(Callable callable) {
    return {*this, std::move(callable)};
  }
  // Throws std::system_error where no thread can be had for a worker.
  void run(task<void> main);
};

}  // namespace tailrace::steal
