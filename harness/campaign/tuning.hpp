// SPDX-License-Identifier: MIT
// What needs rights (harness/observe/tune.hpp): target and client in SCHED_FIFO, at a point that
// asks for it or, by `--tune`, at all of them, and then the CPU latency request too. Main thread
// only.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/campaign/sliced_work.hpp"
#include "harness/observe/topology.hpp"
#include "harness/observe/tune.hpp"

namespace tailrace::campaign {

// `--tune`, for as long as the object lives.
class tuning {
 public:
  // Throws a refusal where it is not permitted here, tried on a child and on the device. Where the
  // kernel has no such device, which is then no request, that is recorded.
  tuning();

  // For the manifest: {"scheduling": "fifo", "cpu_latency_request": "held", or why not}.
  nlohmann::json json() const;

 private:
  std::unique_ptr<observe::cpu_latency_request> latency_;
  std::string latency_cause_;
};

// Why no process can be put into SCHED_FIFO here, or empty: tried once on a child, 5 ms.
const std::string& no_fifo_cause();

// Why such slices cannot be in SCHED_FIFO here, or empty: rights, CPUs, or their length.
std::string why_no_fifo(const slice_plan& slices, const observe::cpu_partition& cpus);

// Throws a refusal where the process cannot be put there. busy_s: how long it may be busy without a
// pause, at most.
void put_into_fifo(int pid, double busy_s);

// All threads of a process in SCHED_FIFO while the object lives, if `wanted`: in a slice.
class fifo_turn {
 public:
  // As put_into_fifo().
  fifo_turn(bool wanted, int pid, double busy_s);
  ~fifo_turn();
  fifo_turn(const fifo_turn&) = delete;
  fifo_turn& operator=(const fifo_turn&) = delete;

 private:
  int pid_ = 0;  // 0: not wanted
};

}  // namespace tailrace::campaign
