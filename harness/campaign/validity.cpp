// SPDX-License-Identifier: MIT
// See validity.hpp.
#include "harness/campaign/validity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace tailrace::campaign {
namespace {

constexpr double steal_share_max = 0.05;
// Each stop lasts for most of a period of the quota, as a rule 100 ms: one is a tail of its own.
constexpr double throttled_share_max = 0.01;

constexpr metric_set all_of_work = metric_latency | metric_rate | metric_cpu;

constexpr std::pair<metric_set, const char*> group_names[] = {
    {metric_latency, "latency"},
    {metric_rate, "rate"},
    {metric_cpu, "cpu"},
    {metric_user_memory, "user_memory"},
    {metric_kernel_memory, "kernel_memory"}};

constexpr std::string_view achieved_rate = "achieved_rate";

struct spoiling {
  std::string_view check;
  metric_set spoils;
};

// The one table of what each check spoils, and why.
constexpr std::array spoilings = {
    // At another rate than the others' an operation costs another amount of CPU time as well: the
    // busier, the more of them share a wake-up.
    spoiling{achieved_rate, all_of_work},
    // Requests left late by microseconds: that is in their response time. All of them left, and the
    // CPU clock of the target does not know when.
    spoiling{"send_lateness", metric_latency},
    // The client set the pace, so rate and, in a closed loop, latency are its own. What the target
    // burnt for the messages that it answered is still the target's.
    spoiling{"client_headroom", metric_latency | metric_rate},
    // Each took the other's CPU time and caches.
    spoiling{"disjoint_cpus", all_of_work},
    // Neither the cost is known nor whether somebody was in the way.
    spoiling{"phase_observed", all_of_work},
    // Work in process is one phase, in which nothing can be dropped: who was in the way delayed it
    // and left cold caches behind, and what a hypervisor takes may count as the target's CPU time.
    spoiling{"foreign_cpu", all_of_work},
    spoiling{"steal", all_of_work},
    spoiling{"throttled", all_of_work},
    // The two sides of memory are read apart, and fitted apart.
    spoiling{"user_memory_drift", metric_user_memory},
    spoiling{"kernel_memory_drift", metric_kernel_memory},
    // Timers that are overdue when they are armed fire in bunches: cheaper, and late.
    spoiling{"armed_in_time", all_of_work},
    // Reads that came from elsewhere are other work.
    spoiling{"file_resident", all_of_work},
    spoiling{"file_from_cache", all_of_work},
    spoiling{"file_evicted", all_of_work},
    spoiling{"file_from_device", all_of_work},
    spoiling{"file_read_ahead", all_of_work},
    spoiling{"file_past_cache", all_of_work},
};

std::string cores_text(double cores) {
  return fmt::format("{:.2f} cores", cores);
}

validity_check compared(const char* name, const char* what, double value, double limit, bool ok,
                        const char* relation, unit_text unit) {
  return {name, ok, value, limit,
          ok ? fmt::format("{} {} (limit {})", what, unit(value), unit(limit))
             : fmt::format("{} {} {} the {} limit", what, unit(value), relation, unit(limit))};
}

validity_check yes_or_no(const char* name, bool ok, const char* text_if_ok, const char* text) {
  return {name, ok, ok ? 1.0 : 0.0, 1.0, ok ? text_if_ok : text};
}

}  // namespace

std::string percent_text(double share) {
  return fmt::format("{:.2f} %", share * 100);
}

std::string microseconds_text(double ns) {
  return fmt::format("{:.0f} µs", ns / 1000);
}

validity_check at_most(const char* name, const char* what, double value, double limit,
                       unit_text unit) {
  return compared(name, what, value, limit, value <= limit, "exceeds", unit);
}

validity_check at_least(const char* name, const char* what, double value, double limit,
                        unit_text unit) {
  return compared(name, what, value, limit, value >= limit, "is below", unit);
}

validity_check disjoint_check(bool disjoint) {
  return yes_or_no("disjoint_cpus", disjoint, "client and target ran on different cores",
                   "client and target shared a core");
}

std::vector<validity_check> noise_checks(bool disjoint,
                                         const std::optional<observe::phase_noise>& noise) {
  std::vector<validity_check> checks = {
      disjoint_check(disjoint),
      yes_or_no("phase_observed", noise.has_value(), "cost and noise of the phase were read",
                "cost and noise of the phase could not be read in time")};
  if (!noise) return checks;
  checks.push_back(at_most("foreign_cpu", "CPU use of other processes", noise->foreign_cpu_share,
                           foreign_cores_max, cores_text));
  checks.push_back(at_most("steal", "CPU time stolen by the hypervisor", noise->steal_share,
                           steal_share_max, percent_text));
  checks.push_back(at_most("throttled", "time stood still for the CPU quota of the cgroup",
                           noise->throttled_share, throttled_share_max, percent_text));
  return checks;
}

metric_set spoiled_by(const std::string& check) {
  const auto* const found = std::ranges::find(spoilings, check, &spoiling::check);
  if (found == spoilings.end()) throw std::logic_error("the table of checks lacks `" + check + "`");
  return found->spoils;
}

nlohmann::json validity_json(const std::vector<validity_check>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const validity_check& each : checks) {
    nlohmann::json spoils = nlohmann::json::array();
    for (const auto& [group, name] : group_names)
      if ((spoiled_by(each.name) & group) != 0) spoils.push_back(name);
    list.push_back({{"name", each.name},
                    {"ok", each.ok},
                    {"value", each.value},
                    {"limit", each.limit},
                    {"text", each.text},
                    {"spoils", std::move(spoils)}});
  }
  return list;
}

std::string failed_text(const std::vector<validity_check>& checks) {
  std::string text;
  for (const validity_check& each : checks) {
    if (!each.ok) text += (text.empty() ? "" : "; ") + each.text;
  }
  return text;
}

const char* status_of(const std::vector<validity_check>& checks, metric_set measured) {
  metric_set spoiled = 0;
  bool only_the_rate = true;
  for (const validity_check& each : checks) {
    if (each.ok) continue;
    spoiled = static_cast<metric_set>(spoiled | spoiled_by(each.name));
    only_the_rate = only_the_rate && each.name == achieved_rate;
  }
  if (spoiled == 0) return "ok";
  if (only_the_rate) return "overloaded";
  return (measured & ~spoiled) == 0 ? "invalid" : "ok";
}

}  // namespace tailrace::campaign
