// SPDX-License-Identifier: MIT
// How the target is started for a pass, what is asked of it before the first, and which passes
// there are. See passes.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/cost/passes.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cost {
namespace {

constexpr std::int64_t trial_rounds = 3;

struct named_pass {
  const char* name;
  std::array<const char*, 2> groups;  // of metrics
  void (*run)(const measured_target& target, int repeat, cost_sheet& sheet);
};

constexpr std::array passes = {
    named_pass{"system calls", {"syscalls"}, count_syscalls},
    named_pass{"allocations", {"allocations"}, count_allocations},
    named_pass{"memory", {"memory"}, measure_memory},
    named_pass{"CPU time and switches", {"cpu", "switches"}, measure_time},
    named_pass{"instructions", {"instructions"}, count_instructions},
    named_pass{"size", {"size"}, measure_executable}};

bool is_wanted(const named_pass& pass, const cost_options& options) {
  return std::ranges::any_of(pass.groups, [&options](const char* group) {
    return group != nullptr && options.wants(group);
  });
}

std::string address_once_ready(const measured_target& target, session::target_session& session,
                               const std::function<void()>& while_starting) {
  session.while_waiting(while_starting);
  std::string address = await_address(session, target.options.connections);
  session.while_waiting({});
  return address;
}

}  // namespace

session::target_request measured_target::request(const std::string& workload,
                                                 const session::option_map& more) const {
  session::option_map given = more;
  for (const auto& [name, value] : options.settings)
    if (described.option(workload, name) != nullptr) given.try_emplace(name, value);
  session::target_request made;
  made.program = options.target;
  made.workload = workload;
  made.workers = options.workers;
  made.options = session::options_of(described, workload, given);
  return made;
}

session::target_limits measured_target::limits() const {
  session::target_limits limits;
  limits.ready_s = limits.sample_s = options.step_limit_s;
  return limits;
}

std::string await_address(session::target_session& session, std::uint32_t connections) {
  const session::ready_event ready = session.wait_ready();
  session::require_room(ready.connections_at_once, "connections", connections);
  return session.address();
}

serving_target::serving_target(const measured_target& target,
                               const session::target_request& request,
                               const session::target_limits& limits,
                               const std::function<void()>& while_starting)
    : session(pump_, request, limits),
      load(address_once_ready(target, session, while_starting), target.options.message_bytes,
           limits.ready_s) {}

measured_target examine_target(const cost_options& options, const session::description& described) {
  if (!described.available) throw refusal(described.cause, described.remedy, refusal::unsupported);
  if (!described.has_workload(options.workload)) {
    throw refusal(fmt::format("{} has no workload `{}`", described.id, options.workload), "",
                  refusal::unsupported);
  }
  session::options_of(described, options.workload, options.settings);  // or it throws
  measured_target target{options, described};
  serving_target trial(target);
  trial.load.open(options.connections);
  trial.load.rounds(trial_rounds);
  trial.session.require_alive("under load");
  trial.session.stop();
  return target;
}

// Repeats go round the passes, so that slow drift of the machine does not fall on one of them.
cost_sheet run_passes(const measured_target& target) {
  cost_sheet sheet;
  for (int repeat = 0; repeat < target.options.repeats; ++repeat) {
    for (const named_pass& pass : passes) {
      if (!is_wanted(pass, target.options)) continue;
      try {
        pass.run(target, repeat, sheet);
      } catch (const refusal& why) {
        throw refusal(fmt::format("{}, pass `{}`: {}", target.described.id, pass.name, why.what()),
                      why.remedy(), refusal::bad_usage);
      }
    }
  }
  return sheet;
}

}  // namespace tailrace::cost
