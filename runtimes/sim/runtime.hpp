// SPDX-License-Identifier: MIT
// The simulator: a runtime in which everything that a machine leaves to chance is drawn from a
// seed: the order of ready tasks, the length of receives and sends, late events, resets, refused
// accepts, late timers. Sockets are in memory, time is virtual and moves only when every task
// sleeps, or a task says that it is busy. The same seed replays the same run, whatever failed. It
// is for tests; it measures nothing.
//
// std::chrono::steady_clock::now() gives the virtual time on the thread inside run(): targets that
// link this library have that symbol wrapped (clock.cpp).
//
// Threads: everything belongs to the thread that calls run(). With options.external other threads
// may act as clients (external_client.hpp) and time is the real one: that is for the conformance
// suite and replays nothing.
// Sources: TigerBeetle's VOPR and FoundationDB's simulation (one thread, one seed); Seastar's
// shuffled ready queue, there not replayable.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/sim/machine.hpp"
#include "runtimes/sim/stream.hpp"
#include "runtimes/single/awaiters.hpp"
#include "runtimes/task.hpp"

namespace tailrace::sim {

class runtime final : public machine {
 public:
  static constexpr std::string_view id = "sim";

  using stream = sim::stream;
  using listener = sim::listener;

  explicit runtime(const options& chosen = {}) : machine(chosen) {}

  std::expected<listener, start_error> listen(const endpoint& where);
  single::sleep_awaiter sleep_until(const time& deadline) noexcept { return {timers_, deadline}; }
  single::yield_awaiter yield() noexcept { return single::yield_awaiter(yielded_); }
  void run(task<void> main);
  void request_stop() noexcept;

  // Beyond the concept: a client of this simulation. ECONNREFUSED if nobody listens.
  std::expected<stream, int> connect(std::uint16_t port);
  // The simulation that this thread is inside the run() of, or null.
  static runtime* current() noexcept;
};

}  // namespace tailrace::sim
