// SPDX-License-Identifier: MIT
// What a process has used up to now, so that the difference of two readings is what a slice cost:
// its CPU clock (exact ns, threads that have ended included), and of each thread alive the time on
// a CPU, the run delay (ready to run, but waiting for a CPU) and the switches.
//
// Algorithm: clock_getcpuclockid(3); /proc/PID/task/TID/schedstat ("on-CPU ns, run delay ns, times
// put on a CPU", Documentation/scheduler/sched-stats.rst) and, for switches, .../status (proc(5)).
// The kernel renews schedstat of a running thread at ticks and switches and adds a delay when it
// ends, so these two trail by up to a tick; the clock does not.
//
// Cost with 1,000 threads: the clock alone (`process_cpu_ns`) 8 us; a reading without switches 1 to
// 2 ms from kept descriptors and 7 ms where each file is opened; switches 10 us and more for each
// thread that ran since the last reading (28 ms when all did). One thread: 2, 6 and 20 us.
// Clock and `at_ns` are read first, before the threads are visited.
// One thread at a time may use a `process_clock`; several may have one each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/observe/cpu_use.hpp"

namespace tailrace::observe {

// All threads of the process, ended ones too. nullopt once it is gone (a zombie is not). Needs no
// right to look at it.
std::optional<std::int64_t> process_cpu_ns(int pid) noexcept;

// One line of schedstat.
struct run_times {
  std::int64_t on_cpu_ns = 0;
  std::int64_t delay_ns = 0;
  std::int64_t times_run = 0;  // how often it was put on a CPU
  bool operator==(const run_times&) const = default;
};
std::optional<run_times> parse_schedstat(std::string_view text) noexcept;

struct thread_edge {
  int tid = 0;
  run_times run;
  switch_counts switches;
};

struct process_edge {
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC, beside cpu_ns
  std::int64_t cpu_ns = 0;
  bool threads_seen = true;          // false where /proc does not let us (hidepid)
  std::vector<thread_edge> threads;  // alive now, by ascending tid
};

// Whether switches are read too; where not they are 0.
enum class with_switches { yes, no };

// Keeps a process' task folder and up to `descriptors_max` schedstat files open. A process that
// later gets the same number is not taken for this one.
class process_clock {
 public:
  explicit process_clock(int pid, std::size_t descriptors_max = 0);
  process_clock(const process_clock&) = delete;
  process_clock& operator=(const process_clock&) = delete;
  ~process_clock();

  // nullopt once the process is gone.
  std::optional<process_edge> read(with_switches wanted = with_switches::yes);

 private:
  struct known_thread {
    int fd = -1;
    std::optional<run_times> run;  // as of when `switches` were read
    switch_counts switches;
    bool seen = false;
  };
  std::optional<run_times> read_run(int tid, known_thread& thread);
  void forget(known_thread& thread);

  int pid_;
  int folder_ = -1;  // /proc/PID/task
  std::size_t descriptors_left_;
  std::map<int, known_thread> threads_;
};

// One reading with nothing kept.
std::optional<process_edge> read_process_edge(int pid, with_switches wanted = with_switches::yes);

// Between two readings. Never negative: a thread of the end that is not in the beginning counts
// from 0, one that has ended in between is missing in all but `cpu_ns`, and the flag says so. (One
// that both began and ended in between is in `cpu_ns` too and leaves no flag.)
struct process_work {
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;
  run_times run;
  switch_counts switches;
  int threads = 0;  // at the end
  bool threads_ended = false;
  bool threads_seen = true;  // at both
};
process_work difference(const process_edge& begin, const process_edge& end);

}  // namespace tailrace::observe
