// SPDX-License-Identifier: MIT
// One cell under load: target, load generator, what the measured phase cost, checks and gates.
// See cell_run.hpp. The phase is found by asking the target how many connections are open, then
// waiting for the warm-up; a little is left out at both ends of it. Operations in the phase are
// counted by the target's own bytes between the same two moments as its CPU time, so cost per
// operation does not depend on where exactly the phase begins.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/load_check.hpp"
#include "harness/campaign/load_child.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr double connect_limit_s = 30;
constexpr double beyond_phase_limit_s = 30;  // drain, time-outs and a slow end of the load child
constexpr double phase_margin = 0.04;        // left out at each end of the phase

using observe::from_now;

std::int64_t count_at(const session::count_map& counts, const char* name) {
  const auto found = counts.find(name);
  return found != counts.end() ? found->second : 0;
}

struct phase_edge {
  std::int64_t bytes = 0;
  observe::process_use target;
  observe::process_use client;
  observe::process_use harness;
  observe::machine_use machine;
  observe::switch_counts target_switches;
  observe::switch_counts client_switches;
};

// nullopt when one of the processes has gone: the cell then fails for a reason found elsewhere.
std::optional<phase_edge> read_edge(session::target_session& target, const load_run& load) {
  phase_edge edge;
  edge.target_switches = observe::read_switches(target.pid());
  edge.client_switches = observe::read_switches(load.pid());
  edge.bytes = count_at(target.sample(), "sent_bytes");
  const auto server = observe::read_process_use(target.pid());
  const auto client = observe::read_process_use(load.pid());
  const auto harness = observe::read_process_use(::getpid());
  const auto machine = observe::read_machine_use();
  if (!server || !client || !harness || !machine) return std::nullopt;
  edge.target = *server;
  edge.client = *client;
  edge.harness = *harness;
  edge.machine = *machine;
  return edge;
}

struct phase {
  std::optional<phase_edge> begin;
  std::optional<phase_edge> end;
};

phase watch_phase(session::output_pump& pump, session::target_session& target, const load_run& load,
                  const point& work) {
  const std::int64_t connect_deadline = from_now(connect_limit_s);
  while (!load.ended() && observe::monotonic_ns() < connect_deadline &&
         count_at(target.sample(), "open") < work.connections) {
    pump.drain_until(from_now(0.02));
  }
  phase seen;
  pump.drain_until(from_now(work.warmup_s + phase_margin * work.duration_s));
  if (load.ended()) return seen;
  seen.begin = read_edge(target, load);
  pump.drain_until(from_now((1 - 3 * phase_margin) * work.duration_s));
  if (load.ended()) return seen;
  seen.end = read_edge(target, load);
  return seen;
}

double per(double value, double operations) {
  return operations > 0 ? value / operations : 0;
}

// Of the threads that there are: one that ended in between took its count along, and where the sum
// has shrunk, nothing is known.
json switches_per(std::int64_t begin, std::int64_t end, double operations) {
  if (end < begin) return nullptr;
  return per(static_cast<double>(end - begin), operations);
}

json server_cost(const phase_edge& begin, const phase_edge& end, double operations) {
  const auto cpu_ns = static_cast<double>(end.target.cpu_ns - begin.target.cpu_ns);
  const auto user = static_cast<double>(end.target.user_ticks - begin.target.user_ticks);
  const auto system = static_cast<double>(end.target.system_ticks - begin.target.system_ticks);
  const double user_share = user + system > 0 ? user / (user + system) : 0;
  const auto wall_ns = static_cast<double>(end.target.at_ns - begin.target.at_ns);
  const double us_per_op = per(cpu_ns / 1000, operations);
  return {
      {"cpu_us_per_op", us_per_op},
      {"user_us_per_op", us_per_op * user_share},
      {"system_us_per_op", us_per_op * (1 - user_share)},
      {"voluntary_switches_per_op",
       switches_per(begin.target_switches.voluntary, end.target_switches.voluntary, operations)},
      {"involuntary_switches_per_op", switches_per(begin.target_switches.involuntary,
                                                   end.target_switches.involuntary, operations)},
      {"cpu_share", per(cpu_ns, wall_ns)}};
}

// Fills cost and noise of the record and what the gates need.
gate_inputs account(const phase& seen, const json& load, const point& work,
                    const cell_setting& setting, json& record) {
  gate_inputs inputs;
  inputs.disjoint = setting.cpus.disjoint || setting.cpus.shared;
  inputs.noise_known = false;
  if (const auto cpu = load.find("client_cpu"); cpu != load.end() && cpu->is_object()) {
    const json share = cpu->value("share", json());
    inputs.client_cpu_share = share.is_number() ? share.get<double>() : 0;
  }
  if (!seen.begin || !seen.end) return inputs;
  const phase_edge& begin = *seen.begin;
  const phase_edge& end = *seen.end;
  const double operations =
      static_cast<double>(end.bytes - begin.bytes) / static_cast<double>(work.message_bytes);
  json server = server_cost(begin, end, operations);
  const auto cpus = static_cast<double>(std::max<std::size_t>(1, setting.cpus.target.size()));
  inputs.server_cpu_share = server["cpu_share"].get<double>() / cpus;
  const auto client_ns = static_cast<double>(end.client.cpu_ns - begin.client.cpu_ns);
  record["cost"] = {{"server", std::move(server)},
                    {"client",
                     {{"cpu_us_per_op", per(client_ns / 1000, operations)},
                      {"cpu_share", inputs.client_cpu_share}}},
                    {"operations", operations}};
  const std::int64_t ours_ns = (end.target.cpu_ns - begin.target.cpu_ns) +
                               (end.client.cpu_ns - begin.client.cpu_ns) +
                               (end.harness.cpu_ns - begin.harness.cpu_ns);
  const auto noise = observe::noise_between(begin.machine, end.machine, ours_ns,
                                            static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
  const auto involuntary = (end.target_switches.involuntary - begin.target_switches.involuntary) +
                           (end.client_switches.involuntary - begin.client_switches.involuntary);
  record["noise"] = {{"foreign_cpu_share", noise.foreign_cpu_share},
                     {"steal_share", noise.steal_share},
                     {"involuntary_switches", involuntary}};
  const auto pressure = observe::cpu_pressure_avg10();
  record["noise"]["cpu_pressure_avg10"] = pressure ? json(*pressure) : json(nullptr);
  if (!pressure) record["noise"]["cpu_pressure_avg10_cause"] = "no /proc/pressure/cpu";
  inputs.foreign_cpu_share = noise.foreign_cpu_share;
  inputs.steal_share = noise.steal_share;
  inputs.noise_known = true;
  return inputs;
}

}  // namespace

void run_load_cell(const cell_work& work, const cell_setting& setting, json& record) {
  const point& at = work.work;
  json& told = record["target"];
  told = {{"ready", nullptr}, {"result", nullptr}, {"exit_code", nullptr}, {"stderr_tail", ""}};
  session::output_pump pump;
  std::vector<std::string> faults;
  std::vector<gate> gates;
  {
    session::target_session target(pump, target_request_of(work, setting), setting.limits);
    try {
      const session::ready_event ready = target.wait_ready();
      told["ready"] = json_of(ready);
      session::require_room(ready.connections_at_once, "connections", at.connections);
      load_run load(pump, load_request_of(work, setting, target.address()), at);
      const phase seen = watch_phase(pump, target, load, at);
      json object = load.finish(from_now(at.warmup_s + at.duration_s + beyond_phase_limit_s));
      faults = load_faults(object, at);
      record["load"] = object;
      target.require_alive("under load");
      told["result"] = json_of(target.stop());
      const json& counts = told["result"]["counts"];
      for (std::string& fault : count_faults(counts, true))
        faults.push_back(std::move(fault));
      if (faults.empty()) faults = agreement_faults(object, counts, at);
      gates = load_gates(object, at, account(seen, object, at, setting, record));
    } catch (const refusal&) {
      told["stderr_tail"] = target.error_tail();
      if (const auto code = target.exit_code()) told["exit_code"] = *code;
      throw;
    }
    told["stderr_tail"] = target.error_tail();
    if (const auto code = target.exit_code()) told["exit_code"] = *code;
  }
  record["gates"] = gates_json(gates);
  judge(record, faults, missed_text(gates));
}

}  // namespace tailrace::campaign
