// SPDX-License-Identifier: MIT
// CPU time and context switches of one process, and of the whole machine, as snapshots whose
// differences are what a phase cost. The process' total is its CPU clock (nanoseconds, includes
// threads that have ended); the user/system split comes from utime/stime, which the kernel scales
// to that total but samples at ticks, so only their ratio over a phase of many ticks is used.
// Not a sampler: who wants a phase takes one before and one after. Any thread. Costs 2 us, with
// switches one file a thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "harness/observe/clock.hpp"

namespace tailrace::observe {

struct process_use {
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC
  std::int64_t cpu_ns = 0;
  std::int64_t user_ticks = 0;
  std::int64_t system_ticks = 0;
};
// nullopt once the process is gone.
std::optional<process_use> read_process_use(int pid);

struct switch_counts {
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;
};
// Of the threads alive now.
switch_counts read_switches(int pid);
// Of one thread, in the folder /proc/PID/task that is open as `task_folder`; nullopt once it has
// ended.
std::optional<switch_counts> read_thread_switches(int task_folder, int tid);

// Jiffies of /proc/stat's first line, summed over CPUs.
struct machine_use {
  std::int64_t at_ns = 0;
  std::int64_t busy_ns = 0;  // all but idle, iowait and steal
  std::int64_t steal_ns = 0;
};
std::optional<machine_use> read_machine_use();
// The same of each CPU that is online, by its number; empty where /proc/stat cannot be read. In
// ticks of 10 ms: to be summed over slices.
std::map<int, machine_use> read_use_of_cpus();

// Noise of a phase: CPU used by nobody of ours, in cores; stolen time as a share of all cores; for
// how much of it the own cgroup stood still for its CPU quota, as the kernel adds that up (v1: each
// CPU that stands still).
struct phase_noise {
  double foreign_cpu_share = 0.0;
  double steal_share = 0.0;
  double throttled_share = 0.0;
};
// `ours_ns` is the CPU time of target, client and harness between the two.
phase_noise noise_between(const machine_use& before, const machine_use& after, std::int64_t ours_ns,
                          int cpus);

// "some avg10" of /proc/pressure/cpu, where the kernel has it.
std::optional<double> cpu_pressure_avg10();

}  // namespace tailrace::observe
