// SPDX-License-Identifier: MIT
// The switches of the work-stealing runtime that the literature disputes. Each is an option of the
// target (runtimes/steal/README.md says what was measured and why the default is what it is).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "runtimes/base/pooled_read.hpp"
#include "runtimes/base/timer_window.hpp"

namespace tailrace::steal {

// Where the task goes that the running task woke last.
enum class lifo_mode : std::uint8_t {
  off,        // to the back of the queue, like any other
  on,         // runs next, out of reach of thieves (Tokio, Go's runnext)
  stealable,  // runs next; thieves may take it from a worker that has been in one poll for long
};

// What the idle workers wait on.
enum class reactor_mode : std::uint8_t {
  shared,      // one epoll; every idle worker waits on it, the kernel wakes one per event
  per_worker,  // an epoll each; connections are dealt out in turn
};

// Who makes the system call when a descriptor becomes ready.
enum class io_mode : std::uint8_t {
  deferred,   // the poller queues the task; whoever runs it makes the call
  inlined,    // the poller makes the call and resumes the task at once
  automatic,  // inlined where there is one worker, deferred where others could take the task
};

struct options {
  std::uint32_t workers = 1;  // at least 1; worker 0 is the thread that calls run()
  lifo_mode lifo = lifo_mode::on;
  reactor_mode reactor = reactor_mode::shared;
  io_mode io = io_mode::automatic;
  int coop = 128;                    // operations that a task may complete in a row
  std::uint32_t event_interval = 0;  // tasks between looks at the reactor and the shared queue
                                     // while busy; 0: tuned to about 200 us
  std::chrono::microseconds window = timer_window::default_length;  // base/timer_window.hpp
  bool foreign_threads = false;  // threads that are no workers may spawn, set events, stop scopes
  bool measure_tasks = false;    // histograms of poll time and of schedule latency
  std::uint32_t blocking_threads = 512;          // most threads of the blocking pool
  file_mode files = file_mode::automatic;        // where files are read
  std::chrono::milliseconds stall_threshold{0};  // report polls longer than this; 0: do not look
  std::function<void(std::uint32_t)> on_worker_start =
      nullptr;  // on worker i's thread, e.g. to pin
};

}  // namespace tailrace::steal
