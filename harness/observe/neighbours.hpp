// SPDX-License-Identifier: MIT
// Who else used the CPUs during a slice: CPU time of every process that is not ours, ns-exact, by
// name and CPU, as the difference of two readings by one watch.
//
// Algorithm: the process CPU clock of each number in /proc (no file is opened for it; threads that
// have ended are in it). Only of those whose clock has moved since the watch's last reading are
// stat (name, flags, CPU it last ran on: proc(5)) and, where there are several threads, schedstat
// of each read again. A process that both began and ended between two readings is not seen; what
// has moved from one CPU to another is put on the last one.
// Cost: first reading 15 us a process; later ones 1 us a process, 10 us more for each that ran and
// 15 us for each of its threads that did (of more than `threads_looked_at_max` none is looked at,
// and its CPU is `cpu_unknown`). 97 processes, two CPUs full of compilers: 6 ms, then 0.9 ms; of
// 4,000 ms of CPU in 2 s, the sums had 3,998. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::observe {

inline constexpr int cpu_unknown = -1;
inline constexpr std::size_t threads_looked_at_max = 64;

enum class neighbour_kind {
  process,
  kernel,     // a kernel thread that works for the machine
  kernel_io,  // a kernel thread that works for whoever does I/O, a subject among them
};

// The rule, by name: softirqs, block and device workers, threaded interrupts and the grace periods
// that free what a caller gave up. A kworker is named after what it did last
// ("kworker/1:1H-kblockd").
neighbour_kind kind_of_kernel_thread(std::string_view name);

struct neighbour_thread {
  int tid = 0;
  int cpu = cpu_unknown;
  std::int64_t ns = 0;
};
struct neighbour_state {
  int pid = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t started_ticks = 0;
  std::string name;  // empty where it may not be looked at
  bool kernel_thread = false;
  std::vector<neighbour_thread> threads;  // by ascending tid; empty where not looked at
};

struct neighbour_edge {
  std::int64_t at_ns = 0;                  // CLOCK_MONOTONIC, when it began
  std::vector<neighbour_state> processes;  // by ascending pid, without ours
  std::vector<int> ours;
  bool seen_all = true;  // false under hidepid and in a PID namespace, for the cause in words
  std::string cause;
};

class neighbour_watch {
 public:
  neighbour_watch();
  neighbour_watch(const neighbour_watch&) = delete;
  neighbour_watch& operator=(const neighbour_watch&) = delete;
  ~neighbour_watch();

  // Leaves out `ours`: what is measured, who loads it, the harness, spinners of keep_awake.hpp.
  neighbour_edge read(std::span<const int> ours);

 private:
  void look_at(neighbour_state& state) const;

  int proc_ = -1;
  std::map<int, neighbour_state> known_;
};

struct neighbour {
  int pid = 0;
  std::string name;  // "?" where it may not be looked at
  neighbour_kind kind = neighbour_kind::process;
  int cpu = cpu_unknown;  // where it spent most
  std::int64_t ns = 0;
};
struct neighbour_work {
  std::vector<neighbour> by_ns;              // who ran, most first
  std::map<int, std::int64_t> ns_of_cpu;     // without `kernel_io`
  std::map<int, std::int64_t> io_ns_of_cpu;  // of `kernel_io`
  int ended = 0;                             // were there at the beginning only: not counted
  bool seen_all = true;
};
neighbour_work difference(const neighbour_edge& begin, const neighbour_edge& end);

}  // namespace tailrace::observe
