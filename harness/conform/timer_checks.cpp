// SPDX-License-Identifier: MIT
// Checks of the workload `timer`, and by it of the in-process part of the protocol. How late a
// timer fires is not checked: speed is for measurements; that none fires early is. See check.hpp.
#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"
#include "harness/load/random.hpp"

namespace tailrace::conform {
namespace {

constexpr std::int64_t tasks = 200;

void require_timer(const context& with) {
  require_workload(with, "timer", {"tasks", "mode", "spread_ms", "lead_ms", "at_once", "seed"});
}

// What the contract says that the deadlines are, after the first possible one.
std::int64_t deadline_sum(std::uint64_t seed, std::uint64_t spread_ns) {
  load::random_source offsets(seed);
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < tasks; ++i)
    sum += offsets.next() % spread_ns;
  return static_cast<std::int64_t>(sum);
}

run_settings with_tasks(session::option_map options, const char* first_command = "") {
  options["tasks"] = std::to_string(tasks);
  return {.options = std::move(options), .first_command = first_command};
}

void require_all_fired(const session::result_event& result, std::int64_t sum) {
  require_count(result, "armed", tasks);
  require_count(result, "fired", tasks);
  require_count(result, "cancelled", 0);
  require_count(result, "refused", 0);
  require_count(result, "woken_early", 0);
  require_count(result, "deadline_sum_ns", sum);
  for (const char* phase : {"arm", "wait", "fire", "whole"})
    for (const char* unit : {"_ns", "_cpu_ns"})
      count_at(result.counts, std::string(phase) + unit);
  require_values(result, "lateness_ns", tasks);
}

void fires_all(context& with) {
  require_timer(with);
  checked_target target(with, "timer",
                        with_tasks({{"spread_ms", "50"}, {"lead_ms", "100"}, {"seed", "7"}}));
  require(target.sample().at("armed") == 0, "timers were armed before `start`");
  target.session().start();
  require_all_fired(target.await_result(), deadline_sum(7, 50'000'000));
}

void fires_all_at_once(context& with) {
  require_timer(with);
  // `start` comes before anybody has seen `ready`.
  checked_target target(with, "timer",
                        with_tasks({{"mode", "expiry"}, {"lead_ms", "50"}}, "start"));
  require_all_fired(target.await_result(), 0);
}

void cancels_all(context& with) {
  require_timer(with);
  checked_target target(with, "timer",
                        with_tasks({{"mode", "cancel"}, {"at_once", "64"}}, "start"));
  const session::result_event result = target.await_result();
  require_count(result, "armed", tasks);
  require_count(result, "cancelled", tasks);
  require_count(result, "fired", 0);
  require_count(result, "woken_early", 0);
}

void stops_in_the_middle(context& with) {
  require_timer(with);
  checked_target target(with, "timer", with_tasks({{"lead_ms", "600000"}}, "start"));
  target.require_room(tasks);
  target.await_count("armed", tasks);
  const session::result_event result = target.stop();
  require_count(result, "armed", tasks);
  require_count(result, "fired", 0);
  require_count(result, "cancelled", tasks);
  require_count(result, "woken_early", 0);
}

void stops_before_the_start(context& with) {
  require_timer(with);
  checked_target target(with, "timer", with_tasks({}));
  const session::result_event result = target.stop();
  for (const char* name : {"armed", "fired", "cancelled"})
    require_count(result, name, 0);
}

void ends_with_its_input(context& with) {
  require_timer(with);
  for (const bool started : {false, true}) {
    checked_target target(with, "timer", with_tasks({{"lead_ms", "600000"}}));
    if (started) {
      target.require_room(tasks);
      target.session().start();
      target.await_count("armed", tasks);
    }
    target.end_by_closed_input();
  }
}

}  // namespace

std::span<const check> timer_checks() {
  static constexpr std::array checks{
      check{"timer_fires_all", "nothing before start; then each timer once, none early", fires_all},
      check{"timer_fires_all_at_once", "one deadline for all; start before ready",
            fires_all_at_once},
      check{"timer_cancels_all", "mode cancel: armed and cancelled, none fires", cancels_all},
      check{"timer_stops_in_the_middle", "result and exit 0 within 5 s while all wait",
            stops_in_the_middle},
      check{"timer_stops_before_start", "the same without any work", stops_before_the_start,
            depends::on_nothing},
      check{"timer_input_closed", "exits when standard input ends, at work or not",
            ends_with_its_input, depends::on_nothing},
  };
  return checks;
}

}  // namespace tailrace::conform
