// SPDX-License-Identifier: MIT
// Kind `timer`: tasks that sleep inside the target, to seeded deadlines (random), to one deadline
// (expiry), or to one that is cancelled before it comes (cancel). The deadlines are drawn here once
// more, from the text of runtimes/PROTOCOL.md and not with the workload's code.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/table_reader.hpp"
#include "harness/kinds/in_process.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/kinds/reported_counts.hpp"
#include "harness/load/random.hpp"

namespace tailrace::kinds {
namespace {

using campaign::validity_check;

// So that also a thread a task is armed before the first deadline: 1 s, and 4 us a task.
std::int64_t default_lead_ms(std::int64_t tasks) {
  return 1000 + tasks / 250;
}

std::string milliseconds_text(double ms) {
  return fmt::format("{:.0f} ms", ms);
}

// Checks that all timers were armed before the first deadline, where one comes.
class timer_surroundings : public cell_surroundings {
 public:
  explicit timer_surroundings(std::optional<std::int64_t> lead_ms) : lead_ms_(lead_ms) {}
  std::vector<validity_check> checks(const session::count_map& counts) const override {
    if (!lead_ms_) return {};
    const auto arm = counts.find("arm_ns");
    const double armed_ms = arm == counts.end() ? 0 : static_cast<double>(arm->second) / 1e6;
    return {campaign::at_most("armed_in_time", "last timer armed after", armed_ms,
                              static_cast<double>(*lead_ms_), milliseconds_text)};
  }

 private:
  std::optional<std::int64_t> lead_ms_;
};

class sleeping : public work_in_process {
 public:
  using work_in_process::work_in_process;

  std::string derived_id() const override {
    const std::int64_t slack = number("timer_slack_ns");
    return fmt::format("timer-{}-{}{}", option("mode"), option("tasks"),
                       slack == 0 ? "" : fmt::format("-slack{}", slack));
  }

 private:
  bool cancels() const { return option("mode") == "cancel"; }
  double work_s() const override {
    return static_cast<double>(number("lead_ms") + number("spread_ms")) / 1000;
  }
  std::int64_t tasks_at_once() const override {
    return cancels() ? std::min(number("tasks"), number("at_once")) : number("tasks");
  }
  std::unique_ptr<cell_surroundings> surround(const campaign::cell_context&) const override {
    return std::make_unique<timer_surroundings>(cancels() ? std::nullopt
                                                          : std::optional(number("lead_ms")));
  }

  // What all deadlines are after the first possible one, summed.
  std::int64_t deadline_sum_ns(std::uint64_t seed) const {
    if (option("mode") != "random") return 0;
    const auto spread_ns = static_cast<std::uint64_t>(number("spread_ms")) * 1'000'000;
    std::uint64_t sum = 0;
    load::random_source random(seed);
    for (std::int64_t i = 0; i < number("tasks"); ++i)
      sum += random.next() % spread_ns;
    return static_cast<std::int64_t>(sum);
  }

  std::vector<std::string> faults(const session::result_event& result,
                                  std::uint64_t seed) const override {
    std::vector<std::string> faults = missing_counts(
        result.counts, {"armed", "fired", "cancelled", "refused", "woken_early", "deadline_sum_ns",
                        "arm_ns", "arm_cpu_ns", "wait_ns", "wait_cpu_ns", "fire_ns", "fire_cpu_ns",
                        "whole_ns", "whole_cpu_ns"});
    if (!faults.empty()) return faults;
    const std::int64_t tasks = number("tasks");
    const auto say = [&](const char* name, std::int64_t wanted, const char* sentence) {
      const std::int64_t is = result.counts.at(name);
      if (is != wanted) faults.push_back(fmt::format(fmt::runtime(sentence), is, wanted));
    };
    say("woken_early", 0, "{} timers fired before their deadline");
    say("refused", 0, "{} timers were refused");
    say("armed", tasks, "{} of {} timers were armed");
    say("fired", cancels() ? 0 : tasks, "{} of {} timers fired");
    say("cancelled", cancels() ? tasks : 0, "{} of {} timers were cancelled");
    if (cancels() || !faults.empty()) return faults;
    say("deadline_sum_ns", deadline_sum_ns(seed),
        "the deadlines that fired sum up to {} ns, and those of the seed to {} ns");
    for (std::string& fault : histogram_faults(result.histograms, "lateness_ns", tasks, "timers"))
      faults.push_back(std::move(fault));
    return faults;
  }
};

std::shared_ptr<const campaign::point_work> read_timer(const campaign::table_reader& in) {
  std::map<std::string, std::string> options;
  const std::int64_t tasks = in.integer("tasks", campaign::needed, 1, 10'000'000);
  const std::string mode = in.choice("mode", "random", {"random", "expiry", "cancel"});
  options["tasks"] = std::to_string(tasks);
  options["mode"] = mode;
  const auto where = [&](bool fits, const char* key, std::int64_t fallback, std::int64_t low,
                         std::int64_t high) {
    if (!fits && in.has(key))
      in.refuse(key, fmt::format("{} has no meaning with mode = \"{}\"", key, mode));
    if (fits) options[key] = std::to_string(in.integer(key, fallback, low, high));
  };
  where(mode == "random", "spread_ms", 1000, 1, 60'000);
  where(mode != "cancel", "lead_ms", default_lead_ms(tasks), 0, 600'000);
  where(mode == "cancel", "at_once", 1000, 1, 1'000'000);
  // Left out where it is not asked for: the target then has the kernel's default.
  if (in.has("timer_slack_ns")) where(true, "timer_slack_ns", 0, 1, 1'000'000'000);
  return std::make_shared<sleeping>(std::move(options));
}

}  // namespace

const campaign::kind timer = {"timer", "timer", read_timer};

}  // namespace tailrace::kinds
