// SPDX-License-Identifier: MIT
// The metrics of the work-stealing runtime; runtimes/PROTOCOL.md defines each.
#include "runtimes/base/metrics.hpp"

#include "runtimes/steal/scheduler.hpp"

namespace tailrace::steal {
namespace {

std::vector<metric> metrics_of(worker& each) {
  const worker_counters& counters = each.counters();
  return {{"busy_ns", counters.busy_ns.get()},
          {"polls", counters.polls.get()},
          {"parks", counters.parks.get()},
          {"noop_parks", counters.noop_parks.get()},
          {"steals", counters.steals.get()},
          {"steal_operations", counters.steal_operations.get()},
          {"overflows", counters.overflows.get()},
          {"lifo_runs", counters.lifo_runs.get()},
          {"forced_yields", counters.forced_yields.get()},
          {"wakes", counters.wakes.get()},
          {"retakes", counters.retakes.get()},
          {"queue_depth", each.queued()}};
}

// Of all workers together; a time stands once a worker in it.
distribution distribution_of(std::span<const std::unique_ptr<worker>> workers,
                             std::string_view name, time_histogram task_times::* which) {
  distribution found{.name = name, .buckets = {}};
  for (const auto& each : workers)
    (each->times()->*which).append_to(found.buckets);
  return found;
}

}  // namespace

runtime_metrics scheduler::metrics() const {
  runtime_metrics metrics;
  std::uint64_t timers = 0;
  std::uint64_t spawned = spawned_outside_.get();
  std::uint64_t finished = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
  for (const auto& each : workers_) {
    metrics.workers.push_back(metrics_of(*each));
    const task_counters& tasks = each->counters().tasks;
    timers += each->timers().armed();
    spawned += tasks.spawned.get();
    finished += tasks.finished.get();
    failed += tasks.failed.get();
    cancelled += tasks.cancelled.get();
  }
  metrics.whole = {{"tasks_spawned", spawned},
                   {"tasks_finished", finished},
                   {"tasks_failed", failed},
                   {"tasks_cancelled", cancelled},
                   {"open_descriptors", slots_.open_descriptors()},
                   {"timers_armed", timers},
                   {"inject_depth", shared_.size()},
                   {"remote_schedules", remote_schedules_.get()},
                   {"blocking_threads", blocking_.threads()},
                   {"blocking_depth", blocking_.queued()}};
  if (stalls_) metrics.whole.push_back({"stalls", stalls_->stalls()});
  if (options_.measure_tasks)
    metrics.distributions = {
        distribution_of(workers_, "poll_time_ns", &task_times::poll_time),
        distribution_of(workers_, "schedule_latency_ns", &task_times::schedule_latency)};
  return metrics;
}

}  // namespace tailrace::steal
