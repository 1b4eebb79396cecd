// SPDX-License-Identifier: MIT
// What a workload may ask of the runtime under test: streams, listeners, sleeps, tasks in scopes.
// A workload is a coroutine over any Runtime, such as the session of workloads/echo.hpp:
//
//   template <Runtime R>
//   task<void> echo_session(typename R::stream peer) {
//     for (;;) {
//       const auto received = co_await peer.receive();
//       if (received.bytes().empty()) break;  // the end of the stream, or an error
//       const io_result sent = co_await peer.send_all(received);
//       if (!sent.ok()) break;
//     }
//     peer.close();
//   }
//
// The types cannot carry these promises; tests/conformance.hpp checks them:
// - A task resumes on a thread of its own runtime, and never inside close(), request_stop() or
//   cancel().
// - receive() lends a buffer once bytes are there and takes it back when the lease dies, so that an
//   idle connection holds none. (A library that must hold one says so in its runtime's header.)
// - receive() of 0 bytes is the peer's end of stream. Sending stays possible (half-close).
// - send_all() completes when the kernel has every byte, or fails; bytes sent before an error are
//   not reported. Its span must stay valid until then.
// - A stopped task's operation returns -ECANCELED: the one it sleeps in, and any it starts later.
// - After an operation was cancelled, its stream may only be closed.
// - A closed or moved-from stream may only be closed again, assigned or destroyed.
// - At most one task receives from a stream at a time, and one sends to it. They may be two tasks.
// - accept() returns errors as values; the listener stays usable (EMFILE: wait, then try again).
// - No sleep ends before its deadline. yield() lets all tasks that are ready now run first.
// - A session that is always ready does not starve the others (a cooperative budget).
#pragma once

#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"

namespace tailrace {

using steady_time = std::chrono::steady_clock::time_point;

// T can be awaited in a task and yields Result.
template <class T, class Result>
concept Awaits = requires(T awaitable, std::coroutine_handle<task_promise<void>> self) {
  { awaitable.await_ready() } -> std::same_as<bool>;
  awaitable.await_suspend(self);
  { awaitable.await_resume() } -> std::same_as<Result>;
};

// What receive() lends. Move-only; gives the buffer back when destroyed.
template <class L>
concept Lease = std::movable<L> && requires(const L& lease) {
  { lease.status() } -> std::same_as<io_result>;                  // count 0: end of stream
  { lease.bytes() } -> std::same_as<std::span<const std::byte>>;  // empty unless status().ok()
};

template <class S>
concept Stream = std::movable<S> && requires(S& stream, std::span<const std::byte> bytes,
                                             const typename S::lease_type& received) {
  requires Lease<typename S::lease_type>;
  { stream.receive() } -> Awaits<typename S::lease_type>;
  { stream.send_all(bytes) } -> Awaits<io_result>;
  { stream.send_all(received) } -> Awaits<io_result>;  // its bytes, for as long as the lease lives
  stream.close();  // pending operations end with -ECANCELED; also done by the destructor
};

template <class L>
concept Listener = std::movable<L> && requires(L& listener) {
  typename L::stream_type;
  // Accepted streams have TCP_NODELAY set.
  { listener.accept() } -> Awaits<std::expected<typename L::stream_type, int>>;
  { listener.port() } -> std::same_as<std::uint16_t>;
};

template <class R>
concept Runtime = requires(R& runtime, endpoint where, steady_time deadline, task<void> main) {
  { R::id } -> std::convertible_to<std::string_view>;
  // Whether all tasks of one R run on one thread (counters then need no atomic read-modify-write).
  { R::single_threaded } -> std::convertible_to<bool>;
  requires Stream<typename R::stream>;
  requires Listener<typename R::listener>;
  typename scope<R>;
  { runtime.listen(where) } -> std::same_as<std::expected<typename R::listener, start_error>>;
  // 0 when the deadline passed, -ECANCELED when stopped. Absolute, CLOCK_MONOTONIC. Copied; by
  // reference, so that no second copy stays in the caller's frame.
  { runtime.sleep_until(deadline) } -> Awaits<io_result>;
  { runtime.yield() } -> Awaits<void>;
  // Runs main and everything it spawned on the calling thread (and the runtime's workers) until
  // done; rethrows what main threw. Once per runtime.
  runtime.run(std::move(main));
  // Any thread: asks main's scope to stop.
  { runtime.request_stop() } noexcept;
};

}  // namespace tailrace
