// SPDX-License-Identifier: MIT
// Checks of the workload `timer`, and by it of the in-process part of the protocol. How late a
// timer fires is not checked: speed is for measurements; that none fires early is. See check.hpp.
#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/working_target.hpp"
#include "harness/load/histogram_codec.hpp"

namespace tailrace::conform {
namespace {

constexpr std::int64_t tasks = 200;
constexpr const char* tasks_setting = "tasks=200";

void require_timer(const context& with) {
  require_workload(with, "timer", {"tasks", "mode", "spread_ms", "lead_ms", "at_once", "seed"});
}

std::int64_t count_at(const target_event& result, const std::string& name) {
  const auto found = result.counts.find(name);
  require(found != result.counts.end(), "the counts lack '" + name + "'");
  return found->second;
}

void require_count(const target_event& result, const std::string& name, std::int64_t wanted) {
  const std::int64_t is = count_at(result, name);
  require(is == wanted, "count '" + name + "' of the result is " + std::to_string(is) +
                            " instead of " + std::to_string(wanted));
}

// What the contract says that the deadlines are, after the first possible one.
std::int64_t deadline_sum(std::uint64_t seed, std::uint64_t spread_ns) {
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < tasks; ++i) {
    seed += 0x9e3779b97f4a7c15U;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    sum += (z ^ (z >> 31)) % spread_ns;
  }
  return static_cast<std::int64_t>(sum);
}

void require_lateness(const target_event& result) {
  const auto text = result.histograms.find("lateness_ns");
  require(text != result.histograms.end(), "the result has no histogram 'lateness_ns'");
  const auto read = load::decode_histogram(text->second);
  require(read.value.has_value(), "the histogram 'lateness_ns' is unreadable: " + read.refusal);
  require(read.value->count() == tasks, "the histogram 'lateness_ns' holds " +
                                            std::to_string(read.value->count()) + " values of " +
                                            std::to_string(tasks) + " timers");
}

void require_all_fired(const target_event& result, std::int64_t sum) {
  require_count(result, "armed", tasks);
  require_count(result, "fired", tasks);
  require_count(result, "cancelled", 0);
  require_count(result, "refused", 0);
  require_count(result, "woken_early", 0);
  require_count(result, "deadline_sum_ns", sum);
  for (const char* phase : {"arm", "wait", "fire", "whole"})
    for (const char* unit : {"_ns", "_cpu_ns"})
      count_at(result, std::string(phase) + unit);
  require_lateness(result);
}

void fires_all(context& with) {
  require_timer(with);
  working_target target(with, "timer", {tasks_setting, "spread_ms=50", "lead_ms=100", "seed=7"});
  require(target.sample().at("armed") == 0, "timers were armed before `start`");
  target.child().command("start");
  require_all_fired(target.await_result(), deadline_sum(7, 50'000'000));
}

void fires_all_at_once(context& with) {
  require_timer(with);
  // `start` comes before anybody has seen `ready`.
  working_target target(with, "timer", {tasks_setting, "mode=expiry", "lead_ms=50"}, "start");
  require_all_fired(target.await_result(), 0);
}

void cancels_all(context& with) {
  require_timer(with);
  working_target target(with, "timer", {tasks_setting, "mode=cancel", "at_once=64"}, "start");
  const target_event result = target.await_result();
  require_count(result, "armed", tasks);
  require_count(result, "cancelled", tasks);
  require_count(result, "fired", 0);
  require_count(result, "woken_early", 0);
}

void stops_in_the_middle(context& with) {
  require_timer(with);
  working_target target(with, "timer", {tasks_setting, "lead_ms=600000"}, "start");
  target.require_room(tasks);
  target.await_count("armed", tasks);
  const target_event result = target.stop();
  require_count(result, "armed", tasks);
  require_count(result, "fired", 0);
  require_count(result, "cancelled", tasks);
  require_count(result, "woken_early", 0);
}

void stops_before_the_start(context& with) {
  require_timer(with);
  working_target target(with, "timer", {tasks_setting});
  const target_event result = target.stop();
  for (const char* name : {"armed", "fired", "cancelled"})
    require_count(result, name, 0);
}

void ends_with_its_input(context& with) {
  require_timer(with);
  for (const bool started : {false, true}) {
    working_target target(with, "timer", {tasks_setting, "lead_ms=600000"});
    if (started) {
      target.require_room(tasks);
      target.child().command("start");
      target.await_count("armed", tasks);
    }
    target.child().close_input();
    target.child().exit_code(steady::now() + with.stop_limit());
  }
}

void refuses_bad_options(context& with) {
  require_timer(with);
  require_refused(with, "timer",
                  {"mode=never", "spread_ms=0", "spread_ms=60001", "lead_ms=-1", "lead_ms=600001",
                   "at_once=0", "tasks=-1", "seed=x"});
}

constexpr std::array checks{
    check{"timer_fires_all", "nothing before start; then each timer once, none early", fires_all},
    check{"timer_fires_all_at_once", "one deadline for all; start before ready", fires_all_at_once},
    check{"timer_cancels_all", "mode cancel: armed and cancelled, none fires", cancels_all},
    check{"timer_stops_in_the_middle", "result and exit 0 within 5 s while all wait",
          stops_in_the_middle},
    check{"timer_stops_before_start", "the same without any work", stops_before_the_start},
    check{"timer_input_closed", "exits when standard input ends, at work or not",
          ends_with_its_input},
    check{"timer_refuses_bad_options", "exit 2 outside of the ranges", refuses_bad_options},
};

}  // namespace

std::span<const check> timer_checks() {
  return checks;
}

}  // namespace tailrace::conform
