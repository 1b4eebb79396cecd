// SPDX-License-Identifier: MIT
// The simulated machine: its network, its time, and the chances it takes, all drawn from the seed.
// Awaiters and sockets of the simulator see this part of it. One thread: the simulation's; those of
// an external run change the network and poke it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtimes/base/timer_heap.hpp"
#include "runtimes/sim/network.hpp"
#include "runtimes/sim/random.hpp"
#include "runtimes/single/loop.hpp"

namespace tailrace::sim {

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

class machine : public single::loop {
 public:
  using time = std::chrono::steady_clock::time_point;

  time now() const noexcept { return now_; }
  // A task that keeps the CPU: time passes and nothing else happens.
  void pass_busy_time(std::chrono::nanoseconds amount) noexcept { now_ += amount; }
  std::uint64_t steps() const noexcept { return steps_; }  // resumptions so far
  sim::network& network() noexcept { return network_; }
  // For clients in other threads, which may outlive the simulation.
  std::shared_ptr<sim::network> shared_network() const noexcept { return owned_network_; }

  // For scope<runtime>.
  void cancel(task_node& node) noexcept;

  // For the awaiters of this folder. False: op is complete, its task goes on.
  bool begin(socket_operation& op, task_node& task);
  // How many of count bytes are moved at once.
  std::size_t piece(std::size_t count, unsigned rate) noexcept;
  bool chance(unsigned rate) noexcept { return random_.one_in_thousand(rate); }
  const fault_rates& faults() const noexcept { return options_.faults; }

 protected:
  explicit machine(const options& chosen);
  ~machine() { TAILRACE_CHECK_VALUES(timers_.empty(), timers_.size(), options_.seed); }

  void turn();

  const options options_;
  timer_heap timers_;
  ready_queue yielded_;  // what runs after all that is ready

 private:
  void run_batch();
  void attempt_woken();
  void expire_timers();
  void pass_time();
  void wait_for_others();
  bool completes_inline() noexcept;

  random random_;
  std::shared_ptr<sim::network> owned_network_ = std::make_shared<sim::network>();
  sim::network& network_ = *owned_network_;
  time now_;
  std::uint64_t steps_ = 0;
};

}  // namespace tailrace::sim
