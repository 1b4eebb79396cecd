// SPDX-License-Identifier: MIT
// CPU time and context switches per operation, from the kernel's account of the process before and
// after the rounds. See passes.hpp.
#include "harness/cost/passes.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cost {
namespace {

constexpr std::int64_t warm_rounds = 100;
// Of 50 connections: 200,000 echoes, some tenths of a second of CPU time; switches, of which there
// are one or more a round, need fewer.
constexpr std::int64_t measured_rounds = 4000;
constexpr std::int64_t rounds_for_switches = 500;

observe::process_use use_of(session::target_session& session) {
  const auto use = observe::read_process_use(session.pid());
  if (use) return *use;
  session.require_alive("under load");
  throw refusal("the target's CPU time could not be read from /proc");
}

}  // namespace

void measure_time(const measured_target& target, int repeat, cost_sheet& sheet) {
  const cost_options& options = target.options;
  serving_target serving(target);
  session::target_session& session = serving.session;
  echo_rounds& load = serving.load;
  load.open(options.connections);
  load.rounds(warm_rounds);
  const auto switches_before = observe::read_switches(session.pid());
  const observe::process_use before = use_of(session);
  const std::int64_t operations_before = load.operations();
  load.rounds(options.wants("cpu") ? measured_rounds : rounds_for_switches);
  const observe::process_use after = use_of(session);
  const auto switches_after = observe::read_switches(session.pid());
  const std::int64_t operations = load.operations() - operations_before;
  session.stop();

  const auto each = [&](std::int64_t of_all) {
    return static_cast<double>(of_all) / static_cast<double>(operations);
  };
  const auto add = [&](const char* name, const char* unit, metric_kind kind, double value) {
    sheet.add(repeat, {name, unit, kind, {}, operations}, value);
  };
  if (options.wants("cpu")) {
    const double cpu_us = each(after.cpu_ns - before.cpu_ns) / 1000;
    const auto user = static_cast<double>(after.user_ticks - before.user_ticks);
    const auto system = static_cast<double>(after.system_ticks - before.system_ticks);
    const double user_share = user + system > 0 ? user / (user + system) : 0;
    add("cpu_us", "us/op", metric_kind::timed, cpu_us);
    add("cpu_user_us", "us/op", metric_kind::timed, cpu_us * user_share);
    add("cpu_system_us", "us/op", metric_kind::timed, cpu_us * (1 - user_share));
  }
  if (options.wants("switches")) {
    add("switches.voluntary", "switches/op", metric_kind::banded,
        each(switches_after.voluntary - switches_before.voluntary));
    add("switches.involuntary", "switches/op", metric_kind::timed,
        each(switches_after.involuntary - switches_before.involuntary));
  }
}

}  // namespace tailrace::cost
