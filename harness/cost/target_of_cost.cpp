// SPDX-License-Identifier: MIT
// How the target is started for a pass, and what is asked of it before the first. See passes.hpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cost/echo_rounds.hpp"
#include "harness/cost/passes.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/cell_failure.hpp"
#include "harness/session/description.hpp"

namespace tailrace::cost {
namespace {

using nlohmann::json;
using session::cell_failure;

constexpr std::int64_t trial_rounds = 3;

}  // namespace

session::target_request request_of(const cost_options& options) {
  session::target_request request;
  request.program = options.target;
  request.workload = options.workload;
  request.workers = options.workers;
  request.options = options.settings;
  return request;
}

session::target_limits limits_of(const cost_options& options) {
  session::target_limits limits;
  limits.ready_s = limits.sample_s = options.step_limit_s;
  return limits;
}

void await_ready(session::target_session& session, std::uint32_t connections) {
  const json ready = session.wait_ready();
  session::require_room(ready, "connections", connections);
  if (session.address().empty()) throw cell_failure("the target's `ready` names no address");
}

measured_target examine_target(const cost_options& options) {
  const session::description told = session::describe_target(options.target);
  measured_target found;
  found.id = told.id;
  found.language = told.language;
  found.one_thread_a_task = told.family == "os";
  found.has_tasks = told.option("idle", "tasks") != nullptr;
  if (!told.available) throw refusal(told.cause, told.remedy, refusal::unsupported);
  if (!told.has_workload(options.workload)) {
    throw refusal(fmt::format("{} has no workload `{}`", found.id, options.workload), "",
                  refusal::unsupported);
  }
  session::options_of(told, options.workload, options.settings);
  session::output_pump pump;
  session::target_session session(pump, request_of(options), limits_of(options));
  await_ready(session, options.connections);
  echo_rounds load(session.address(), options.message_bytes, options.step_limit_s);
  load.open(options.connections);
  load.rounds(trial_rounds);
  session.require_alive("under load");
  session.stop();
  return found;
}

}  // namespace tailrace::cost
