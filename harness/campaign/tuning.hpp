// SPDX-License-Identifier: MIT
// `--tune`: targets in SCHED_FIFO, and the CPU latency request held for as long as the object lives
// (harness/observe/tune.hpp). A campaign is tuned or it is not: the two are never mixed. Main
// thread only.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/observe/tune.hpp"

namespace tailrace::campaign {

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

// Throws a refusal where the target cannot be put there. busy_s: how long it may be busy without a
// pause, at most.
void put_into_fifo(int target_pid, double busy_s);

}  // namespace tailrace::campaign
