// SPDX-License-Identifier: MIT
// See timer_check.hpp. The generator is splitmix64 (Steele, Lea, Flood 2014).
#include "harness/campaign/timer_check.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/inprocess_point.hpp"
#include "harness/campaign/load_check.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

std::int64_t count_or_zero(const json& counts, const char* name) {
  return count_of(counts, name).value_or(0);
}

}  // namespace

std::uint64_t timer_deadline_sum(const point& work, std::uint64_t seed) {
  if (work.options.at("mode") != "random") return 0;
  const auto spread_ns = static_cast<std::uint64_t>(option_number(work, "spread_ms")) * 1'000'000;
  std::uint64_t sum = 0;
  std::uint64_t state = seed;
  for (std::int64_t i = 0; i < option_number(work, "tasks"); ++i) {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    sum += (z ^ (z >> 31)) % spread_ns;
  }
  return sum;
}

std::vector<std::string> timer_faults(const json& counts, const load::histogram* lateness,
                                      const point& work, std::uint64_t seed) {
  std::vector<std::string> faults;
  for (const char* name : {"armed", "fired", "cancelled", "refused", "woken_early",
                           "deadline_sum_ns", "arm_ns", "arm_cpu_ns", "wait_ns", "wait_cpu_ns",
                           "fire_ns", "fire_cpu_ns", "whole_ns", "whole_cpu_ns"}) {
    if (!count_of(counts, name)) {
      faults.push_back(
          fmt::format("the target's count `{}` is missing or not a whole number >= 0", name));
    }
  }
  if (!faults.empty()) return faults;
  const std::int64_t tasks = option_number(work, "tasks");
  const bool cancels = work.options.at("mode") == "cancel";
  const auto expect = [&](const char* name, std::int64_t wanted, const char* what) {
    const std::int64_t is = count_or_zero(counts, name);
    if (is != wanted) faults.push_back(fmt::format("{} of {} timers {}", is, wanted, what));
  };
  if (const auto early = count_or_zero(counts, "woken_early"); early != 0) {
    faults.push_back(fmt::format("{} timers fired before their deadline", early));
  }
  if (const auto refused = count_or_zero(counts, "refused"); refused != 0) {
    faults.push_back(fmt::format("{} timers were refused", refused));
  }
  expect("armed", tasks, "were armed");
  expect("fired", cancels ? 0 : tasks, "fired");
  expect("cancelled", cancels ? tasks : 0, "were cancelled");
  if (cancels || !faults.empty()) return faults;
  const auto sum = static_cast<std::uint64_t>(count_or_zero(counts, "deadline_sum_ns"));
  if (const std::uint64_t wanted = timer_deadline_sum(work, seed); sum != wanted) {
    faults.push_back(fmt::format(
        "the deadlines that fired sum up to {} ns, and those of the seed to {} ns", sum, wanted));
  }
  if (lateness == nullptr) {
    faults.push_back("the result has no histogram `lateness_ns`");
  } else if (lateness->count() != static_cast<std::uint64_t>(tasks)) {
    faults.push_back(fmt::format("the histogram `lateness_ns` holds {} values of {} timers",
                                 lateness->count(), tasks));
  }
  return faults;
}

std::vector<gate> timer_gates(const json& counts, const point& work) {
  if (work.options.at("mode") == "cancel") return {};
  const auto armed_ms = static_cast<double>(count_or_zero(counts, "arm_ns")) / 1e6;
  const auto lead_ms = static_cast<double>(option_number(work, "lead_ms"));
  return {
      {"armed_in_time", armed_ms <= lead_ms, armed_ms, lead_ms,
       fmt::format("the last timer was armed {:.0f} ms after the start, the first deadline came "
                   "{:.0f} ms after it",
                   armed_ms, lead_ms)}};
}

}  // namespace tailrace::campaign
