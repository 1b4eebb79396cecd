// SPDX-License-Identifier: MIT
// The workload `timer` as in-process work: its options, counts and the histogram `lateness_ns`, as
// runtimes/README.md names them. See inprocess_target.hpp for who calls what when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/targets/inprocess_target.hpp"
#include "harness/targets/timer_slack.hpp"
#include "workloads/timer.hpp"

namespace tailrace {

inline timer_rules timer_rules_of(const option_values& options) {
  const auto number = [&](const char* name) {
    return static_cast<std::uint64_t>(options.integer(name));
  };
  const std::string& mode = options.text("mode");
  return {.mode = mode == "cancel"   ? timer_mode::cancel
                  : mode == "expiry" ? timer_mode::expiry
                                     : timer_mode::random,
          .tasks = number("tasks"),
          .spread = std::chrono::milliseconds(number("spread_ms")),
          .lead = std::chrono::milliseconds(number("lead_ms")),
          .seed = number("seed"),
          .at_once = number("at_once")};
}

template <Runtime R>
class timer_in_process final : public work_in_process<R> {
 public:
  timer_in_process(const option_values& options, std::size_t runtimes)
      : slack_ns_(options.integer("timer_slack_ns")),
        runtimes_(runtimes),
        run_(timer_rules_of(options)) {}

  event_fields prepare() override { return {{"timer_slack_ns", set_timer_slack(slack_ns_)}}; }
  void begin() override { run_.begin(); }
  task<void> run(R& runtime, std::size_t index) override {
    return run_timer<R>(runtime, run_, index, runtimes_);
  }
  void end() override { run_.end(); }

  event_fields counts() const override {
    const timer_run::progress now = run_.so_far();
    return {{"armed", now.armed},
            {"fired", now.fired},
            {"cancelled", now.cancelled},
            {"refused", now.refused},
            {"woken_early", now.woken_early}};
  }

  void complete(result_info& result) const override {
    const auto add = [&](const std::string& name, timer_run::span_of_time span) {
      result.counts.emplace_back(name + "_ns", span.wall_ns);
      result.counts.emplace_back(name + "_cpu_ns", span.cpu_ns);
    };
    result.counts.emplace_back("deadline_sum_ns", run_.deadline_sum_ns());
    add("arm", run_.arming());
    add("wait", run_.waiting());
    add("fire", run_.firing());
    add("whole", run_.whole());
    if (run_.rules().mode == timer_mode::cancel) return;
    result.histograms["lateness_ns"] = histogram_text(run_.lateness_ns(), timer_run::not_fired);
  }

 private:
  std::int64_t slack_ns_;
  std::size_t runtimes_;
  timer_run run_;
};

}  // namespace tailrace
