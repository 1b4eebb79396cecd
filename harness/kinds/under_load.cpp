// SPDX-License-Identifier: MIT
// See under_load.hpp. The measured phase is found by asking the target how many connections are
// open, then waiting for the warm-up; a little is left out at both ends. Operations in the phase
// are counted by the target's own bytes between the same two moments as its CPU time, so the cost
// of one does not depend on where exactly the phase begins.
#include "harness/kinds/under_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/cell_run.hpp"
#include "harness/kinds/load_child.hpp"
#include "harness/kinds/phase_noise.hpp"
#include "harness/kinds/reported_counts.hpp"
#include "harness/record/json_fields.hpp"

namespace tailrace::kinds {
namespace {

using campaign::validity_check;
using nlohmann::json;
using observe::from_now;

constexpr double connect_limit_s = 30;
constexpr double beyond_phase_limit_s = 30;  // drain, time-outs and a slow end of the load child
constexpr double phase_margin = 0.04;        // left out at each end of the phase

constexpr double achieved_share_min = 0.99;
// A send is late when the client was busy. Up to 50 µs it is the wake-up of an idle CPU; above that
// it must stay small against what is measured.
constexpr double lateness_floor_ns = 50'000;
constexpr double lateness_share_max = 0.05;
// Above this a core has no room left.
constexpr double saturated_share = 0.90;

struct phase_edge {
  std::int64_t bytes = 0;
  observe::process_use target;
  observe::process_use client;
  machine_edge machine;
  observe::switch_counts target_switches;
  observe::switch_counts client_switches;
};

// nullopt when one of the processes has gone: the cell then fails for a reason found elsewhere.
std::optional<phase_edge> read_edge(session::target_session& target, const load_run& load) {
  phase_edge edge;
  edge.target_switches = observe::read_switches(target.pid());
  edge.client_switches = observe::read_switches(load.pid());
  edge.bytes = target.sample()["sent_bytes"];
  const auto server = observe::read_process_use(target.pid());
  const auto client = observe::read_process_use(load.pid());
  const auto machine = read_machine_edge();
  if (!server || !client || !machine) return std::nullopt;
  edge.target = *server;
  edge.client = *client;
  edge.machine = *machine;
  return edge;
}

struct phase {
  std::optional<phase_edge> begin;
  std::optional<phase_edge> end;
};

phase watch_phase(session::output_pump& pump, session::target_session& target, const load_run& load,
                  const load_keys& keys) {
  const std::int64_t connect_deadline = from_now(connect_limit_s);
  while (!load.ended() && observe::monotonic_ns() < connect_deadline &&
         target.sample()["open"] < keys.connections) {
    pump.drain_until(from_now(0.02));
  }
  phase seen;
  pump.drain_until(from_now(keys.warmup_s + phase_margin * keys.duration_s));
  if (load.ended()) return seen;
  seen.begin = read_edge(target, load);
  pump.drain_until(from_now((1 - 3 * phase_margin) * keys.duration_s));
  if (load.ended()) return seen;
  seen.end = read_edge(target, load);
  return seen;
}

double ratio_or_0(double value, double of) {
  return of > 0 ? value / of : 0;
}

// Null where nothing was done, or the value is unknown.
json per_operation(std::optional<double> value, double operations) {
  return value && operations > 0 ? json(*value / operations) : json(nullptr);
}

// Of the threads that there are: one that ended in between took its count along, and where the sum
// has shrunk, nothing is known.
std::optional<std::int64_t> switches_between(std::int64_t begin, std::int64_t end) {
  return end < begin ? std::nullopt : std::optional(end - begin);
}

json server_cost(const phase_edge& begin, const phase_edge& end, double operations) {
  const auto cpu_ns = static_cast<double>(end.target.cpu_ns - begin.target.cpu_ns);
  const auto user = static_cast<double>(end.target.user_ticks - begin.target.user_ticks);
  const auto system = static_cast<double>(end.target.system_ticks - begin.target.system_ticks);
  const double ticks = user + system;
  // Without one tick, how the time is divided is unknown.
  const auto part = [&](double of) {
    return ticks > 0 ? std::optional(cpu_ns / 1000 * of / ticks) : std::nullopt;
  };
  const auto wall_ns = static_cast<double>(end.target.at_ns - begin.target.at_ns);
  return {
      {"cpu_us_per_op", per_operation(cpu_ns / 1000, operations)},
      {"user_us_per_op", per_operation(part(user), operations)},
      {"system_us_per_op", per_operation(part(system), operations)},
      {"voluntary_switches_per_op", per_operation(switches_between(begin.target_switches.voluntary,
                                                                   end.target_switches.voluntary),
                                                  operations)},
      {"involuntary_switches_per_op",
       per_operation(
           switches_between(begin.target_switches.involuntary, end.target_switches.involuntary),
           operations)},
      {"cpu_share", ratio_or_0(cpu_ns, wall_ns)}};
}

// Fills cost and noise of the record. Returns the checks.
std::vector<validity_check> account(const phase& seen, const json& load, const load_keys& keys,
                                    const observe::cpu_partition& cpus, json& record) {
  cpu_shares used;
  if (const json* const cpu = record::member_of(load, "client_cpu"))
    used.client = record::number_at(*cpu, "share").value_or(0);
  std::optional<observe::phase_noise> noise;
  if (seen.begin && seen.end) {
    const phase_edge& begin = *seen.begin;
    const phase_edge& end = *seen.end;
    const double operations =
        static_cast<double>(end.bytes - begin.bytes) / static_cast<double>(keys.message_bytes);
    json server = server_cost(begin, end, operations);
    used.server = server["cpu_share"].get<double>() /
                  static_cast<double>(std::max<std::size_t>(1, cpus.target.size()));
    const std::int64_t client_ns = end.client.cpu_ns - begin.client.cpu_ns;
    record["cost"] = {
        {"server", std::move(server)},
        {"client",
         {{"cpu_us_per_op", per_operation(static_cast<double>(client_ns) / 1000, operations)},
          {"cpu_share", used.client}}},
        {"operations", operations}};
    noise = noise_between(begin.machine, end.machine,
                          end.target.cpu_ns - begin.target.cpu_ns + client_ns);
    const auto of_target =
        switches_between(begin.target_switches.involuntary, end.target_switches.involuntary);
    const auto of_client =
        switches_between(begin.client_switches.involuntary, end.client_switches.involuntary);
    record["noise"] = noise_json(
        *noise, of_target && of_client ? std::optional(*of_target + *of_client) : std::nullopt);
  }
  std::vector<validity_check> checks = load_checks(load, keys.open_loop(), used);
  for (validity_check& each : campaign::noise_checks(cpus.disjoint || cpus.shared, noise))
    checks.push_back(std::move(each));
  return checks;
}

double latency_at(const json& load, const char* which, const char* quantile) {
  const json* const all = record::member_of(load, "latency_ns");
  const json* const one = all == nullptr ? nullptr : record::member_of(*all, which);
  return one == nullptr ? 0.0 : record::number_at(*one, quantile).value_or(0);
}

std::vector<std::string> options_of(const load_keys& keys, bool may_poll) {
  std::vector<std::string> options = {"--message-bytes", std::to_string(keys.message_bytes),
                                      "--connections",   std::to_string(keys.connections),
                                      "--warmup-s",      fmt::format("{}", keys.warmup_s),
                                      "--duration-s",    fmt::format("{}", keys.duration_s),
                                      "--engine",        keys.engine,
                                      "--json",          "-"};
  const auto add = [&](std::initializer_list<std::string> more) {
    options.insert(options.end(), more);
  };
  if (keys.open_loop()) {
    add({"--rate", fmt::format("{}", keys.rate_per_s), "--arrivals", keys.arrivals});
    if (!may_poll) add({"--no-spin"});
  } else {
    add({"--depth", std::to_string(keys.depth)});
  }
  return options;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

load_keys read_load_keys(const campaign::table_reader& in, bool open_loop) {
  load_keys keys;
  keys.connections = in.integer("connections", 50, 1, 100'000);
  keys.message_bytes = in.integer("message_bytes", 64, 1, 1 << 20);
  if (open_loop) {
    keys.rate_per_s = in.number("rate_per_s", campaign::needed, 1, 1e8);
    keys.arrivals = in.choice("arrivals", "poisson", {"poisson", "constant"});
  }
  keys.engine = in.choice("engine", "epoll", {"epoll", "uring"});
  keys.warmup_s = in.number("warmup_s", 0.5, 0, 600);
  keys.duration_s = in.number("duration_s", 2, 0.1, 3600);
  return keys;
}

json work_under_load::json() const {
  nlohmann::json object = {{"connections", keys_.connections},
                           {"message_bytes", keys_.message_bytes},
                           {"depth", keys_.depth},
                           {"rate_per_s", nullptr},
                           {"arrivals", nullptr},
                           {"engine", keys_.engine},
                           {"warmup_s", keys_.warmup_s},
                           {"duration_s", keys_.duration_s}};
  if (keys_.open_loop()) {
    object["rate_per_s"] = keys_.rate_per_s;
    object["arrivals"] = keys_.arrivals;
  } else {
    object["rate_per_s_cause"] = "closed loop: there is no offered rate";
    object["arrivals_cause"] = "closed loop: each answer brings the next request";
  }
  return object;
}

std::vector<std::string> work_under_load::own_faults(const nlohmann::json&,
                                                     const session::count_map&) const {
  return {};
}

void work_under_load::run(const campaign::cell_context& cell, nlohmann::json& record) const {
  session::output_pump pump;
  session::target_session target(pump, campaign::target_request_of(cell), cell.setting.limits);
  const campaign::target_note note(target, record);
  const session::ready_event ready = target.wait_ready();
  record["target"]["ready"] = json_of(ready);
  session::require_room(ready.connections_at_once, "connections", keys_.connections);
  std::vector<std::string> options = options_of(keys_, !cell.setting.cpus.shared);
  append(options, load_options());
  load_run client(pump, cell, target.address(), options);
  const phase seen = watch_phase(pump, target, client, keys_);
  const nlohmann::json& load = record["load"] =
      client.finish(from_now(keys_.warmup_s + keys_.duration_s + beyond_phase_limit_s));
  std::vector<std::string> faults = load_faults(load, keys_.connections, classes());
  target.require_alive("under load");
  const session::result_event result = target.stop();
  record["target"]["result"] = json_of(result);
  append(faults, count_faults(result.counts));
  if (faults.empty()) append(faults, agreement_faults(load, result.counts));
  if (faults.empty()) append(faults, own_faults(load, result.counts));
  campaign::judge(record, faults, account(seen, load, keys_, cell.setting.cpus, record));
}

std::vector<validity_check> load_checks(const json& load, bool open_loop, const cpu_shares& used) {
  if (open_loop) {
    const double offered = record::number_at(load, "offered_per_s").value_or(0);
    const double achieved = record::number_at(load, "achieved_per_s").value_or(0);
    return {
        campaign::at_least("achieved_rate", "achieved share of the offered rate",
                           ratio_or_0(achieved, offered), achieved_share_min,
                           campaign::percent_text),
        campaign::at_most(
            "send_lateness", "p99 send delay", latency_at(load, "lateness", "p99"),
            std::max(lateness_floor_ns, lateness_share_max * latency_at(load, "response", "p50")),
            campaign::microseconds_text)};
  }
  // Only a client that is saturated while the server is not has hidden the server.
  const bool hides = used.client > saturated_share && used.server < saturated_share;
  return {{"client_headroom", !hides, used.client, saturated_share,
           fmt::format("client used {:.0f} % of its core, server {:.0f} % of its own{}",
                       used.client * 100, used.server * 100,
                       hides ? ": the client was the limit" : "")}};
}

}  // namespace tailrace::kinds
