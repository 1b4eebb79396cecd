// SPDX-License-Identifier: MIT
// The options of the work-stealing runtime by their names, for its target, its tests and its micro
// benchmarks. README.md here explains them, with what they cost.
#pragma once

#include "harness/targets/runtime_options.hpp"
#include "runtimes/steal/options.hpp"
#include "workloads/options.hpp"

namespace tailrace::steal {

inline option_table<options> named_options() {
  using table = option_table<options>;
  return table{
      table::choice(
          "lifo", &options::lifo,
          {{"off", lifo_mode::off}, {"on", lifo_mode::on}, {"stealable", lifo_mode::stealable}},
          "where the task goes that the running task woke last"),
      table::choice("reactor", &options::reactor,
                    {{"shared", reactor_mode::shared}, {"per-worker", reactor_mode::per_worker}},
                    "one epoll for all workers, or one each"),
      table::choice("io", &options::io,
                    {{"auto", io_mode::automatic},
                     {"deferred", io_mode::deferred},
                     {"inline", io_mode::inlined}},
                    "inline: the poller makes the call and resumes the task at once; "
                    "auto: inline with one worker"),
      table::integer("coop", &options::coop, 1, 1'000'000,
                     "operations a task may complete in a row"),
      table::integer("event_interval", &options::event_interval, 0, 1'000'000,
                     "tasks between looks at the reactor while busy; 0: tuned to 200 us"),
      timer_window_option<options>(&options::window),
      table::integer<std::chrono::milliseconds>(
          "stall_ms", &options::stall_threshold, 0, 3'600'000,
          "report a task that holds a worker for longer; 0: do not look"),
      table::choice("metrics", &options::measure_tasks, {{"counts", false}, {"times", true}},
                    "times: also histograms of poll time and schedule latency")}
      .with({"file-read"}, file_pool_options<options>(&options::files, &options::blocking_threads,
                                                      all_file_places));
}

}  // namespace tailrace::steal
