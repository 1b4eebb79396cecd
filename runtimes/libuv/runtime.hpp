// SPDX-License-Identifier: MIT
// The libuv contestant: one uv_loop_t per runtime, driven as libuv's users drive it (uv_run until
// uv_stop, a handle per socket, callbacks), with coroutines on top: a callback resumes the task
// that awaited it, at once and inside the callback. Works with libuv 1.44 and later.
//
// How it differs from the other runtimes, and why:
// - Sleeps have libuv's resolution of 1 ms, rounded up, so none ends early.
// - Out of descriptors, libuv itself accepts and closes the connections that wait (it keeps a spare
//   descriptor for this): clients see the end of the stream, accept() sees nothing, accept_errors
//   stays 0.
// - Reading stays started between receives. What arrives while no task receives is kept, one buffer
//   at most; then reading is stopped until the task has taken it.
// - libuv writes without MSG_NOSIGNAL: the constructor ignores SIGPIPE for the process, as libuv's
//   guide advises, unless the process handles it.
// - Files are read by libuv's thread pool, one for the whole process (UV_THREADPOOL_SIZE, 4 threads
//   unless said otherwise); libuv 1.45 and later may use an io_uring of its own instead.
// - Cancelling a send that is under way closes its socket: libuv cannot take a write back.
//
// Threads: everything belongs to the thread that calls run(), or, before and after, to the owner;
// except request_stop() and metrics(): any.
// Cost: an echo round trip is a read and a write, plus its share of an epoll_wait; no allocation,
// or in style guide (options.hpp) two, an epoll_ctl, and a turn of the loop until the callback.
// A resumption is counted by one instruction; the rest once a turn of the loop.
#pragma once

#include <uv.h>

#include <expected>
#include <string>
#include <string_view>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/libuv/file.hpp"
#include "runtimes/libuv/options.hpp"
#include "runtimes/libuv/poller.hpp"
#include "runtimes/libuv/sleep.hpp"
#include "runtimes/libuv/stream.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/single/awaiters.hpp"
#include "runtimes/task.hpp"

namespace tailrace::libuv {

class runtime final : public poller {
 public:
  static constexpr std::string_view id = "libuv";

  using stream = libuv::stream;
  using listener = libuv::listener;
  using file = libuv::file;

  explicit runtime(style how = style::lean) : poller(&before_poll, how) {}

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter sleep_until(const timer_pool::time& deadline) noexcept {
    return {timers(), deadline};
  }
  single::yield_awaiter yield() noexcept { return single::yield_awaiter(ready_); }
  void run(task<void> main);
  void request_stop() noexcept {
    ask_to_stop();
    wake();
  }
  runtime_metrics metrics() const { return counters_.read(); }

 private:
  static void before_poll(uv_prepare_t* handle);
};

}  // namespace tailrace::libuv
