// SPDX-License-Identifier: MIT
// How the target is started for a pass, and what is asked of it before the first. See passes.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cost/echo_rounds.hpp"
#include "harness/cost/passes.hpp"
#include "harness/session/cell_failure.hpp"

namespace tailrace::cost {
namespace {

using nlohmann::json;
using session::cell_failure;

constexpr std::int64_t trial_rounds = 3;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool has_entry(const json& description, const char* list, const char* key,
               const std::string& wanted) {
  const auto found = description.find(list);
  if (found == description.end() || !found->is_array()) return false;
  return std::ranges::any_of(*found, [&](const json& each) {
    return each.is_object() ? text_at(each, key) == wanted : each == wanted;
  });
}

void require_available(const json& description) {
  if (description.value("available", json()) == true) return;
  std::string cause = text_at(description, "cause");
  if (cause.empty()) cause = "it says that it is not available here";
  throw cell_failure(cause, text_at(description, "remedy"), true);
}

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
  const json description = session::describe_target(options.target);
  measured_target found;
  found.id = text_at(description, "id");
  if (found.id.empty()) throw cell_failure("`describe` names no id");
  found.language = text_at(description, "language");
  found.one_thread_a_task = text_at(description, "family") == "os";
  found.has_tasks = has_entry(description, "workloads", "", "idle") &&
                    has_entry(description, "options", "name", "tasks");
  require_available(description);
  if (!has_entry(description, "workloads", "", options.workload)) {
    throw cell_failure(fmt::format("{} has no workload `{}`", found.id, options.workload), "",
                       true);
  }
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
