// SPDX-License-Identifier: MIT
// See validity.hpp.
#include "harness/campaign/validity.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tailrace::campaign {
namespace {

constexpr double steal_share_max = 0.05;

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
  return checks;
}

nlohmann::json validity_json(const std::vector<validity_check>& checks) {
  nlohmann::json list = nlohmann::json::array();
  for (const validity_check& each : checks) {
    list.push_back({{"name", each.name},
                    {"ok", each.ok},
                    {"value", each.value},
                    {"limit", each.limit},
                    {"text", each.text}});
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

}  // namespace tailrace::campaign
