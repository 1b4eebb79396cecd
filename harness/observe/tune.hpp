// SPDX-License-Identifier: MIT
// What needs rights and makes tails those of the runtime instead of the machine's: a process in
// SCHED_FIFO, and idle CPUs that wake at once. Neither is a setting of the machine: the one is the
// process', the other an open file's. Both end with their process, so after a crash there is
// nothing to restore. Any thread.
#pragma once

#include <chrono>
#include <string>

namespace tailrace::observe {

inline constexpr int fifo_priority = 10;

// Puts all threads of `pid`, and so those that they start later, into SCHED_FIFO; "" or the cause
// for which none is. 5 us a thread.
// A loop that spins cannot take the machine, for two reasons. Who runs for `most` without once
// waiting for something is ended by the kernel (RLIMIT_RTTIME, setrlimit(2): SIGXCPU, a second
// later SIGKILL), so `most` must be longer than a load that keeps the process busy without a pause.
// And the kernel leaves a part of each CPU to others (/proc/sys/kernel/sched_rt_runtime_us,
// sched(7)); where it does not, this refuses. The limit stays after the return to SCHED_OTHER,
// where it has no meaning.
// Tests give the root of another /proc tree for that file.
std::string into_fifo(int pid, std::chrono::milliseconds most, const std::string& root = "");

// Back to SCHED_OTHER, with the nice value that it had: "" or the cause.
std::string out_of_fifo(int pid);

// Holds the request for the shortest wake-up of all CPUs while it lives (/dev/cpu_dma_latency at
// 0 us, Documentation/power/pm_qos_interface.rst): no deep idle states. In a virtual machine
// without idle states it changes nothing. 10 us.
class cpu_latency_request {
 public:
  explicit cpu_latency_request(const std::string& device = "/dev/cpu_dma_latency");
  cpu_latency_request(const cpu_latency_request&) = delete;
  cpu_latency_request& operator=(const cpu_latency_request&) = delete;
  ~cpu_latency_request();

  const std::string& cause() const { return cause_; }  // why it is not held, or empty

 private:
  int fd_ = -1;
  std::string cause_;
};

}  // namespace tailrace::observe
