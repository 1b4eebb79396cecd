// SPDX-License-Identifier: MIT
// A poll with a clock on it. See task_times.hpp.
#include "runtimes/steal/task_times.hpp"

#include <algorithm>

#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {
namespace {

std::uint64_t ns_of(task_times::clock::duration time) noexcept {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

}  // namespace

void worker::run_timed(task_node& node) noexcept {
  const auto begun = clock::now();
  clock::duration waited{};
  for (const auto& each : scheduler_.workers_)
    waited = std::max(waited, each->times_->end_wait(node, begun));
  if (waited != clock::duration::zero()) times_->schedule_latency.record(ns_of(waited));
  resume(node);
  times_->poll_time.record(ns_of(clock::now() - begun));  // The task may be gone by now.
}

}  // namespace tailrace::steal
