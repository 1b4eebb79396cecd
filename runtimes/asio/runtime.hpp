// SPDX-License-Identifier: MIT
// The Boost.Asio contestants, with our coroutines on top: the completion handler of an asynchronous
// operation resumes the task that awaited it. Which of Asio's backends does the work is decided
// when Asio is compiled, so that there are two executables: `asio-epoll`, and `asio-uring`
// (BOOST_ASIO_HAS_IO_URING without epoll). Boost 1.78 or later. Each in two forms (contexts.hpp):
// - runtime: one io_context, run by one thread; concurrency hint 1.
// - shared_runtime: one io_context, run by N threads, as most users of Asio deploy it.
//
// How it differs from the other runtimes, and why:
// - Asio receives into memory that the operation names, so that a receive that waits holds a
//   buffer: by default one of 1024 bytes a session, as Boost's examples have it. Where buffers are
//   lent (receive_buffer.hpp), a receive is Asio's wait for readability and a call of our own.
// - Every completion goes through the io_context's queue, also one that was there at once. So no
//   session can starve the others, and no budget is needed.
// - Cancelling a receive or a send cancels what else waits on that socket.
//
// Threads: of `runtime`, everything belongs to the thread that calls run(), or, before and after,
// to the owner; of `shared_runtime`, to its tasks, on whichever of its threads. request_stop() and
// metrics(): any. Tasks may be spawned in `shared_runtime` by any thread (extensions.hpp).
// Cost: an echo round trip is a receive and a send of Asio's, with sockets that know their
// executor's type; no allocation (Asio keeps the memory of the last operations). A shared context
// adds, for each of the two, six atomic read-modify-writes that nobody contends for. Where buffers
// are lent, the wait is an epoll_ctl or, over io_uring, a poll; the receive is a call in any case.
#pragma once

#include <chrono>
#include <coroutine>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "runtimes/asio/contexts.hpp"
#include "runtimes/asio/event.hpp"
#include "runtimes/asio/file.hpp"
#include "runtimes/asio/scheduler.hpp"
#include "runtimes/asio/sleep.hpp"
#include "runtimes/asio/stream.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/file_calls.hpp"
#include "runtimes/base/timer_window.hpp"
#include "runtimes/completion.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"

namespace tailrace::asio {

template <class Contexts>
class yield_awaiter {
 public:
  explicit yield_awaiter(basic_scheduler<Contexts>& owner) noexcept : scheduler_(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) { scheduler_.post(self); }
  void await_resume() const noexcept {}

 private:
  basic_scheduler<Contexts>& scheduler_;
};

template <class Contexts>
class basic_runtime final : public basic_scheduler<Contexts> {
 public:
#if defined(BOOST_ASIO_HAS_IO_URING) && defined(BOOST_ASIO_DISABLE_EPOLL)
  static constexpr std::string_view id = "asio-uring";
  static constexpr std::string_view backend = "io_uring";
#else
  static constexpr std::string_view id = "asio-epoll";
  static constexpr std::string_view backend = "epoll";
#endif
  static constexpr bool single_threaded = !Contexts::is_shared;
  static constexpr bool has_own_workers = Contexts::is_shared;
  static constexpr bool spawns_from_any_thread = Contexts::is_shared;

  using stream = stream_of<Contexts>;
  using listener = listener_of<Contexts>;
  using event = basic_event<Contexts>;
  using file = basic_file<Contexts>;
  using mutex_type = Contexts::scope_mutex;
  using completion = tailrace::completion<basic_scheduler<Contexts>>;

  // Throws std::system_error where the kernel refuses what the backend needs.
  explicit basic_runtime(options chosen = {}) : basic_scheduler<Contexts>(std::move(chosen)) {}

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how);
  sleep_awaiter<Contexts> sleep_until(const std::chrono::steady_clock::time_point& deadline) {
    return {*this, rounded_up(deadline, this->timer_window())};
  }
  yield_awaiter<Contexts> yield() noexcept { return yield_awaiter<Contexts>(*this); }
  // Throws std::system_error where no thread can be had.
  void run(task<void> main);
};

using runtime = basic_runtime<per_core>;
using shared_runtime = basic_runtime<shared>;

}  // namespace tailrace::asio
