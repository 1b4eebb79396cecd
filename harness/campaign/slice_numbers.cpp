// SPDX-License-Identifier: MIT
// See slice_numbers.hpp.
#include "harness/campaign/slice_numbers.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "harness/observe/median.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr std::size_t disturbers_told = 5;

struct sums {
  double operations = 0;
  double wall_ns = 0;
  slice_use use;  // its times added up
  double client_wall_ns = 0;
  double client_busy_ns = 0;
  std::map<std::string, std::int64_t> disturbers;  // of all slices, dropped ones too
};

sums add_up(const std::vector<slice_reading>& slices) {
  sums all;
  for (const slice_reading& each : slices) {
    for (const disturber& one : each.use.disturbers)
      all.disturbers[one.name] += one.ns;
    if (!each.kept) continue;
    all.operations += static_cast<double>(each.client.answered);
    all.wall_ns += static_cast<double>(each.use.wall_ns);
    all.use.cpu_ns += each.use.cpu_ns;
    all.use.user_ticks += each.use.user_ticks;
    all.use.system_ticks += each.use.system_ticks;
    all.use.client_cpu_ns += each.use.client_cpu_ns;
    all.use.run_delay_ns += each.use.run_delay_ns;
    all.use.switches.voluntary += each.use.switches.voluntary;
    all.use.switches.involuntary += each.use.switches.involuntary;
    all.use.threads_ended |= each.use.threads_ended;
    all.use.others_ns += each.use.others_ns;
    all.use.kernel_io_ns += each.use.kernel_io_ns;
    all.use.steal_ns += each.use.steal_ns;
    all.use.throttled_ns += each.use.throttled_ns;
    all.use.seen_all &= each.use.seen_all;
    all.client_wall_ns += each.client.phase_s * 1e9;
    all.client_busy_ns += each.client.phase_s * 1e9 * each.client.client_share;
  }
  return all;
}

// Null where nothing was done, or the value is unknown.
json per_operation(double value, double operations, bool known = true) {
  return known && operations > 0 ? json(value / operations) : json(nullptr);
}

json server_cost(const sums& all) {
  const auto cpu_us = static_cast<double>(all.use.cpu_ns) / 1000;
  const auto user = static_cast<double>(all.use.user_ticks);
  const auto system = static_cast<double>(all.use.system_ticks);
  // Without one tick, how the time is divided is unknown.
  const bool divided = user + system > 0;
  const double n = all.operations;
  const bool known = !all.use.threads_ended;
  return {
      {"cpu_us_per_op", per_operation(cpu_us, n)},
      {"user_us_per_op", per_operation(divided ? cpu_us * user / (user + system) : 0, n, divided)},
      {"system_us_per_op",
       per_operation(divided ? cpu_us * system / (user + system) : 0, n, divided)},
      {"voluntary_switches_per_op",
       per_operation(static_cast<double>(all.use.switches.voluntary), n, known)},
      {"involuntary_switches_per_op",
       per_operation(static_cast<double>(all.use.switches.involuntary), n, known)},
      {"run_delay_us_per_op",
       per_operation(static_cast<double>(all.use.run_delay_ns) / 1000, n, known)},
      {"cpu_share", ratio_or_0(static_cast<double>(all.use.cpu_ns), all.wall_ns)}};
}

// Of the kept slices in which anything was due.
double typical_achieved(const std::vector<slice_reading>& slices) {
  std::vector<double> shares;
  for (const slice_reading& each : slices) {
    const client_slice& client = each.client;
    if (!each.kept || client.planned == 0) continue;
    shares.push_back(client.achieved_per_s * client.phase_s / static_cast<double>(client.planned));
  }
  // The upper one: half of the slices may have had a stall.
  return shares.empty() ? 0 : observe::upper_median(std::move(shares));
}

json disturbers_json(const std::map<std::string, std::int64_t>& by_name) {
  std::vector<disturber> sorted;
  for (const auto& [name, ns] : by_name)
    sorted.push_back({name, ns});
  std::ranges::sort(sorted, [](const disturber& one, const disturber& other) {
    return std::pair(-one.ns, one.name) < std::pair(-other.ns, other.name);
  });
  if (sorted.size() > disturbers_told) sorted.resize(disturbers_told);
  json told = json::array();
  for (const disturber& each : sorted)
    told.push_back({{"name", each.name}, {"ms", static_cast<double>(each.ns) / 1e6}});
  return told;
}

}  // namespace

json slices_json(const std::vector<slice_reading>& slices) {
  json told = json::array();
  for (const slice_reading& each : slices) {
    const client_slice& client = each.client;
    const slice_use& use = each.use;
    told.push_back({{"round", each.round},
                    {"at_s", each.at_s},
                    {"kept", each.kept},
                    {"client_late", each.client_late},
                    {"operations", client.answered},
                    {"achieved_per_s", client.achieved_per_s},
                    {"p50_ns", client.p50_ns},
                    {"p99_ns", client.p99_ns},
                    {"max_ns", client.max_ns},
                    {"send_delay_p99_ns", client.send_delay_p99_ns},
                    {"client_delay_p99_ns", client.client_delay_p99_ns},
                    {"wall_ns", use.wall_ns},
                    {"cpu_ns", use.cpu_ns},
                    {"run_delay_ns", use.run_delay_ns},
                    {"others_ns", use.others_ns},
                    {"steal_ns", use.steal_ns},
                    {"throttled_ns", use.throttled_ns},
                    {"neighbour_ns", use.neighbour_ns}});
  }
  return told;
}

kept_numbers numbers_of(const std::vector<slice_reading>& slices, std::size_t target_cpus) {
  const sums all = add_up(slices);
  const auto cpus = static_cast<double>(std::max<std::size_t>(1, target_cpus));
  kept_numbers numbers;
  json server = server_cost(all);
  numbers.used.server = server["cpu_share"].get<double>() / cpus;
  numbers.used.achieved = typical_achieved(slices);
  numbers.used.client = ratio_or_0(all.client_busy_ns, all.client_wall_ns);
  numbers.cost = {
      {"server", std::move(server)},
      {"client",
       {{"cpu_us_per_op",
         per_operation(static_cast<double>(all.use.client_cpu_ns) / 1000, all.operations)},
        {"cpu_share", numbers.used.client}}},
      {"operations", all.operations}};
  const double target_time_ns = all.wall_ns * cpus;
  const auto kept = std::ranges::count_if(slices, &slice_reading::kept);
  numbers.noise = {
      {"others_share", ratio_or_0(static_cast<double>(all.use.others_ns), target_time_ns)},
      {"kernel_io_share", ratio_or_0(static_cast<double>(all.use.kernel_io_ns), target_time_ns)},
      {"steal_share", ratio_or_0(static_cast<double>(all.use.steal_ns), target_time_ns)},
      {"throttled_share", ratio_or_0(static_cast<double>(all.use.throttled_ns), target_time_ns)},
      {"disturbers", disturbers_json(all.disturbers)},
      {"all_seen", all.use.seen_all},
      {"kept_slices", kept},
      {"disturbed_slices", static_cast<std::int64_t>(slices.size()) - kept}};
  return numbers;
}

json idle_json(const idle_use& idle) {
  return {{"cpu_share",
           ratio_or_0(static_cast<double>(idle.cpu_ns), static_cast<double>(idle.wall_ns))},
          {"wall_s", static_cast<double>(idle.wall_ns) / 1e9},
          {"stopped", idle.stopped}};
}

}  // namespace tailrace::campaign
