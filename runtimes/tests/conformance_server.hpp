// SPDX-License-Identifier: MIT
// The server side of the conformance suite: the runtime under test on a thread of its own. Include
// only from conformance.hpp, which says what `R` is.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "runtimes/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"
#include "runtimes/tests/hang_report.hpp"

namespace tailrace::conformance {

using R = runtime_under_test;
using harness = conformance_harness<R>;
using client = harness::client;

static_assert(Runtime<R>);

// Runs main on the runtime in a thread; stops and joins it when destroyed.
class on_thread {
 public:
  using body = std::function<task<void>(R&)>;

  explicit on_thread(body main) : main_(std::move(main)), thread_([this] { work(); }) {
    made_.wait();
  }
  on_thread(const on_thread&) = delete;
  on_thread& operator=(const on_thread&) = delete;
  ~on_thread() {
    if (!thread_.joinable()) return;
    request_stop();
    finish();
  }

  R& runtime() noexcept { return *runtime_; }
  void request_stop() noexcept { runtime_->request_stop(); }
  // Has run()? The runtime then lives until join() or the end of this.
  bool returned() const { return returned_.is_set(); }
  // Until run() has returned; rethrows what it threw.
  void join() {
    finish();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  void stop() {
    request_stop();
    join();
  }

 private:
  void work() {
    const std::unique_ptr<R> made = harness::make();
    runtime_ = made.get();
    const hang_note metrics([this] { return metrics_text(*runtime_); });
    made_.set();
    try {
      made->run(main_(*made));
    } catch (...) {
      failure_ = std::current_exception();
    }
    returned_.set();
    may_vanish_.acquire();  // Another thread may be about to call request_stop().
  }
  template <class Any>
  static std::string metrics_text(const Any& runtime) {
    if constexpr (Measured<Any>)
      return text_of(runtime.metrics());
    else
      return "";
  }
  void finish() {
    may_vanish_.release();
    thread_.join();
  }

  // A wait without patience, for what the test's own end opens.
  class turnstile {
   public:
    void release() {
      const std::lock_guard lock(mutex_);
      open_ = true;
      changed_.notify_all();
    }
    void acquire() {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return open_; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
  };

  body main_;
  R* runtime_ = nullptr;
  gate made_;
  gate returned_;
  turnstile may_vanish_;
  std::exception_ptr failure_;
  std::thread thread_;
};

using session = std::function<task<void>(R&, R::stream)>;

struct listening {
  gate known;
  std::uint16_t port = 0;
};

inline task<void> accept_all(R& runtime, const session& serve, const endpoint& where,
                             listening& at) {
  auto listener = runtime.listen(where);
  if (!listener) throw std::runtime_error(listener.error().message);
  at.port = listener->port();
  at.known.set();
  scope<R> sessions(runtime);
  for (;;) {
    auto peer = co_await listener->accept();
    if (!peer) break;
    sessions.spawn(serve(runtime, std::move(*peer)));
  }
  co_await sessions.join();
}

// Accepts until stopped; each connection is served by a task of its own.
class server {
 public:
  explicit server(session serve, endpoint where = {})
      : serve_(std::move(serve)),
        where_(std::move(where)),
        running_([this](R& runtime) { return accept_all(runtime, serve_, where_, at_); }) {
    at_.known.wait();
  }

  client connect(int receive_bytes = 0) {
    return harness::connect(running_.runtime(), at_.port, receive_bytes);
  }
  std::uint16_t port() const noexcept { return at_.port; }
  on_thread& running() noexcept { return running_; }
  void stop() { running_.stop(); }

 private:
  session serve_;
  endpoint where_;
  listening at_;
  on_thread running_;
};

inline task<void> echo(R::stream peer) {
  for (;;) {
    const auto received = co_await peer.receive();
    if (received.bytes().empty()) break;
    const io_result sent = co_await peer.send_all(received);
    if (!sent.ok()) break;
  }
}

inline task<void> serve_with_echo(R&, R::stream peer) {
  return echo(std::move(peer));
}

// Opens the gate once every task that was ready when it started has run up to its first wait. On a
// runtime with threads that is likely, not certain; what follows must hold either way.
inline task<void> announce(R& runtime, gate& settled) {
  co_await runtime.yield();
  co_await runtime.yield();
  settled.set();
}

// 1 KiB to many MiB of bytes in which every position differs from its neighbours'.
inline std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  std::uint32_t state = seed * 2654435761u + 1;
  for (char& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline bool is_reset(io_result result) {
  return result.error() == ECONNRESET || result.error() == EPIPE;
}

}  // namespace tailrace::conformance
