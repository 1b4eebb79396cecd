// SPDX-License-Identifier: MIT
// See gates.hpp.
#include "harness/campaign/validity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr double achieved_share_min = 0.99;
// A send is late when the client was busy. Under 50 us it is the wake-up of an idle CPU; above that
// it must stay small against what is measured.
constexpr double lateness_floor_ns = 50'000;
constexpr double lateness_share_max = 0.05;
// Above this a core has no room: who else is saturated decides whether that matters.
constexpr double saturated_share = 0.90;
constexpr double foreign_share_max = 0.13;
constexpr double steal_share_max = 0.05;

double number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0.0;
}

double latency_at(const json& load, const char* which, const char* quantile) {
  const auto all = load.find("latency_ns");
  if (all == load.end() || !all->contains(which)) return 0.0;
  return number_at((*all)[which], quantile);
}

gate achieved_gate(const json& load) {
  const double offered = number_at(load, "offered_per_s");
  const double share = offered > 0 ? number_at(load, "achieved_per_s") / offered : 0;
  return {"achieved_rate", share >= achieved_share_min, share, achieved_share_min,
          fmt::format("achieved {:.2f} % of the offered rate", share * 100)};
}

gate lateness_gate(const json& load) {
  const double late = latency_at(load, "lateness", "p99");
  const double limit =
      std::max(lateness_floor_ns, lateness_share_max * latency_at(load, "response", "p50"));
  return {"send_lateness", late <= limit, late, limit,
          fmt::format("99 % of the requests were sent at most {:.0f} us late (limit {:.0f} us)",
                      late / 1000, limit / 1000)};
}

// Only a client that is saturated while the server is not has hidden the server.
gate headroom_gate(const gate_inputs& in) {
  const bool hides = in.client_cpu_share > saturated_share && in.server_cpu_share < saturated_share;
  return {"client_headroom", !hides, in.client_cpu_share, saturated_share,
          fmt::format("the client used {:.0f} % of its core, the server {:.0f} % of its own{}",
                      in.client_cpu_share * 100, in.server_cpu_share * 100,
                      hides ? ": the client was the limit" : "")};
}

}  // namespace

std::vector<gate> noise_gates(const gate_inputs& in) {
  std::vector<gate> gates;
  gates.push_back({"disjoint_cpus", in.disjoint, in.disjoint ? 1.0 : 0.0, 1.0,
                   in.disjoint ? "client and target ran on different cores"
                               : "client and target shared a core"});
  gates.push_back({"phase_observed", in.noise_known, in.noise_known ? 1.0 : 0.0, 1.0,
                   in.noise_known
                       ? "cost and noise of the measured phase were read"
                       : "cost and noise of the measured phase could not be read in time"});
  if (!in.noise_known) return gates;
  gates.push_back({"foreign_cpu", in.foreign_cpu_share < foreign_share_max, in.foreign_cpu_share,
                   foreign_share_max,
                   fmt::format("other processes used {:.2f} of a core", in.foreign_cpu_share)});
  gates.push_back(
      {"steal", in.steal_share < steal_share_max, in.steal_share, steal_share_max,
       fmt::format("the hypervisor took {:.1f} % of the CPU time", in.steal_share * 100)});
  return gates;
}

std::vector<gate> load_gates(const json& load, const point& work, const gate_inputs& inputs) {
  std::vector<gate> gates;
  if (work.at_offered_rate()) {
    gates.push_back(achieved_gate(load));
    gates.push_back(lateness_gate(load));
  } else {
    gates.push_back(headroom_gate(inputs));
  }
  for (gate& each : noise_gates(inputs))
    gates.push_back(std::move(each));
  return gates;
}

json gates_json(const std::vector<gate>& gates) {
  json list = json::array();
  for (const gate& each : gates) {
    list.push_back({{"name", each.name},
                    {"ok", each.ok},
                    {"value", each.value},
                    {"limit", each.limit},
                    {"text", each.text}});
  }
  return list;
}

std::string missed_text(const std::vector<gate>& gates) {
  std::string text;
  for (const gate& each : gates) {
    if (!each.ok) text += (text.empty() ? "" : "; ") + each.text;
  }
  return text;
}

}  // namespace tailrace::campaign
