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

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/timer_heap.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/sim/network.hpp"
#include "runtimes/sim/random.hpp"
#include "runtimes/task.hpp"

namespace tailrace::sim {

class stream;
class listener;
class sleep_awaiter;
class yield_awaiter;

// Chances in a thousand.
struct fault_rates {
  unsigned short_receive = 0;
  unsigned short_send = 0;
  unsigned late_event = 0;  // what is ready is looked at later, as after EINTR or a slow kernel
  unsigned reset = 0;       // the connection dies when used
  unsigned refused_accept = 0;
  unsigned late_timer = 0;
};

struct options {
  std::uint64_t seed = 1;
  fault_rates faults = {};
  bool shuffle = true;  // false: first in, first out
  bool external = false;
  // request_stop() once this many tasks have been resumed.
  std::uint64_t stop_at_step = UINT64_MAX;
};

class runtime {
 public:
  static constexpr std::string_view id = "sim";
  static constexpr bool single_threaded = true;
  using time = std::chrono::steady_clock::time_point;

  using stream = sim::stream;
  using listener = sim::listener;
  struct mutex_type {
    void lock() noexcept {}
    void unlock() noexcept {}
  };
  class completion;

  explicit runtime(const options& chosen = {});
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime();

  std::expected<listener, start_error> listen(const endpoint& where);
  sleep_awaiter sleep_until(time deadline) noexcept;
  yield_awaiter yield() noexcept;
  void run(task<void> main);
  void request_stop() noexcept;

  // Beyond the concept: a client of this simulation. ECONNREFUSED if nobody listens.
  std::expected<stream, int> connect(std::uint16_t port);
  time now() const noexcept { return now_; }
  // A task that keeps the CPU: time passes and nothing else happens.
  void pass_busy_time(std::chrono::nanoseconds amount) noexcept { now_ += amount; }
  std::uint64_t steps() const noexcept { return steps_; }  // resumptions so far
  sim::network& network() noexcept { return network_; }
  // For clients in other threads, which may outlive the simulation.
  std::shared_ptr<sim::network> shared_network() const noexcept { return owned_network_; }
  // The simulation that this thread is inside the run() of, or null.
  static runtime* current() noexcept;

  // For scope<runtime>.
  void start(task_node& node) { ready_.push_back(&node); }
  void cancel(task_node& node) noexcept;

  // For the awaiters of this folder.
  // Whether the task must suspend; cancelled: it is stopped, and op was not even tried.
  bool begin(operation& op, task_node& node, bool& cancelled);
  bool begin_sleep(operation& op, task_node& node, bool& cancelled);
  void make_ready(runnable& item) { ready_.push_back(&item); }
  void make_ready_after_the_others(runnable& item) { yielded_.push_back(&item); }
  void close(const socket& of) noexcept;
  timer_heap& timers() noexcept { return timers_; }
  // How many of count bytes are moved at once.
  std::size_t piece(std::size_t count, unsigned rate) noexcept;
  bool chance(unsigned rate) noexcept { return random_.one_in_thousand(rate); }
  const fault_rates& faults() const noexcept { return options_.faults; }

 private:
  void turn();
  void run_batch();
  void resume(runnable& item);
  void attempt_woken();
  void expire_timers();
  void pass_time();
  void wait_for_others();
  bool completes_inline() noexcept;

  options options_;
  random random_;
  std::shared_ptr<sim::network> owned_network_ = std::make_shared<sim::network>();
  sim::network& network_ = *owned_network_;
  timer_heap timers_;
  std::vector<runnable*> ready_;    // the next batch
  std::vector<runnable*> yielded_;  // the one after it
  time now_;
  std::uint64_t steps_ = 0;
  int budget_ = 0;
  scope<runtime>* main_scope_ = nullptr;
  // relaxed: set by any thread under the network's mutex or by the runtime's own; a hint that the
  // next turn takes up.
  atomic<bool> stop_requested_{false};
};

// One-shot event for scope::join.
class runtime::completion {
 public:
  explicit completion(runtime& owner) noexcept : runtime_(owner) {}
  bool wait(task_node&, std::coroutine_handle<> handle) noexcept {
    item_.handle = handle;
    return true;  // set() comes later, from the last child, on this thread
  }
  void set() noexcept { runtime_.make_ready(item_); }

 private:
  runtime& runtime_;
  runnable item_;
};

class sleep_awaiter final : operation, timer_node {
 public:
  sleep_awaiter(runtime& owner, runtime::time deadline) noexcept
      : runtime_(owner), deadline_(deadline) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    handle = self;
    bool cancelled = false;
    const bool suspended = runtime_.begin_sleep(*this, self.promise().node(), cancelled);
    if (cancelled) result_ = io_result::of_error(ECANCELED);
    return suspended;
  }
  io_result await_resume() const noexcept { return result_; }

 private:
  friend class runtime;
  bool attempt() override { return false; }
  void wait() override { runtime_.timers().arm(*this, deadline_); }
  void abandon() override {
    runtime_.timers().cancel(*this);
    result_ = io_result::of_error(ECANCELED);
  }

  runtime& runtime_;
  runtime::time deadline_;
  io_result result_;
};

class yield_awaiter : runnable {
 public:
  explicit yield_awaiter(runtime& owner) noexcept : runtime_(owner) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    handle = self;
    runtime_.make_ready_after_the_others(*this);
  }
  void await_resume() const noexcept {}

 private:
  runtime& runtime_;
};

inline sleep_awaiter runtime::sleep_until(time deadline) noexcept {
  return {*this, deadline};
}
inline yield_awaiter runtime::yield() noexcept {
  return yield_awaiter(*this);
}

}  // namespace tailrace::sim

#include "runtimes/sim/stream.hpp"
