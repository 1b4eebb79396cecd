// SPDX-License-Identifier: MIT
// See target_session.hpp.
#include "harness/session/target_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/session/cell_failure.hpp"

namespace tailrace::session {
namespace {

using nlohmann::json;
using outcome = child_output::outcome;

std::int64_t deadline_in(double seconds) {
  return observe::monotonic_ns() + static_cast<std::int64_t>(seconds * 1e9);
}

child_command command_of(const target_request& request) {
  child_command command;
  command.argv = request.wrapper;
  command.argv.insert(command.argv.end(), {request.program, "run", "--workload", request.workload,
                                           "--workers", std::to_string(request.workers)});
  if (request.port != 0) {
    command.argv.insert(command.argv.end(), {"--port", std::to_string(request.port)});
  }
  for (const auto& [name, value] : request.options) {
    command.argv.insert(command.argv.end(), {"--set", name + "=" + value});
  }
  command.cpus = request.cpus;
  command.cgroup_join_path = request.cgroup_join_path;
  command.before_exec = request.before_exec;
  command.in_child = request.in_child;
  return command;
}

}  // namespace

target_session::target_session(output_pump& pump, const target_request& request,
                               const target_limits& limits)
    : limits_(limits), child_(command_of(request)), output_(pump, child_, limits.output) {}

target_session::~target_session() = default;

void target_session::fail_on_end(const std::string& wanted) {
  const auto status = child_.wait_exit(deadline_in(1));
  const std::string tail = observe::trimmed(output_.error_tail());
  std::string cause = fmt::format("the target {} before it answered with `{}`",
                                  status ? exit_text(*status) : "closed its output", wanted);
  if (!tail.empty()) cause += ": " + quoted_excerpt(tail, 200);
  throw cell_failure(cause);
}

outcome target_session::next_line(std::int64_t deadline_ns, std::string& line) {
  constexpr std::int64_t between_acts_ns = 1'000'000;
  while (meanwhile_) {
    meanwhile_();
    const std::int64_t now_ns = observe::monotonic_ns();
    const outcome got = output_.next_line(std::min(deadline_ns, now_ns + between_acts_ns), line);
    if (got != outcome::late || now_ns >= deadline_ns) return got;
  }
  return output_.next_line(deadline_ns, line);
}

json target_session::next_event(double limit_s, const std::string& wanted) {
  const std::int64_t deadline = deadline_in(limit_s);
  std::string line;
  switch (next_line(deadline, line)) {
    case outcome::line:
      break;
    case outcome::ended:
      fail_on_end(wanted);
    case outcome::late:
      throw cell_failure(
          fmt::format("the target did not answer with `{}` within {} s", wanted, limit_s));
    case outcome::line_too_long:
      throw cell_failure(fmt::format("the target printed a line of more than {} bytes",
                                     limits_.output.line_bytes));
    case outcome::too_much:
      throw cell_failure(fmt::format("the target flooded its output: more than {} bytes",
                                     limits_.output.total_bytes));
  }
  json event = json::parse(line, nullptr, false);
  if (!event.is_object() || !event.contains("event") || !event["event"].is_string()) {
    throw cell_failure("the target printed what is not an event: " + quoted_excerpt(line));
  }
  if (event["event"] == "error") {
    const auto status = child_.wait_exit(deadline_in(1));
    throw cell_failure(
        "the target says: " + record::text_or(event, "message", "error without a message"),
        record::text_or(event, "remedy"),
        status && session::exit_code(*status) == refusal::unsupported);
  }
  if (event["event"] != wanted) {
    throw cell_failure(fmt::format("the target printed the event {} where `{}` was due",
                                   quoted_excerpt(event["event"].get<std::string>()), wanted));
  }
  return event;
}

json target_session::wait_ready() {
  json ready = next_event(limits_.ready_s, "ready");
  const auto addresses = ready.find("addresses");
  if (addresses != ready.end() && addresses->is_array() && !addresses->empty() &&
      addresses->front().is_string()) {
    address_ = addresses->front().get<std::string>();
  }
  ready.erase("event");
  return ready;
}

void target_session::send(const std::string& command) {
  if (!child_.write_line(command)) require_alive(fmt::format("before `{}`", command));
}

void target_session::start() {
  send("start");
}

json target_session::sample() {
  send("sample");
  json event = next_event(limits_.sample_s, "sample");
  const auto counts = event.find("counts");
  if (counts == event.end() || !counts->is_object()) {
    throw cell_failure("the target's `sample` has no counts");
  }
  return *counts;
}

json target_session::stop() {
  send("stop");
  return await_result(limits_.stop_s);
}

json target_session::await_result(double limit_s) {
  json result = next_event(limit_s, "result");
  const auto counts = result.find("counts");
  if (counts == result.end() || !counts->is_object()) {
    throw cell_failure("the target's `result` has no counts");
  }
  const auto status = child_.wait_exit(deadline_in(limits_.stop_s));
  if (!status) {
    throw cell_failure(
        fmt::format("the target did not exit within {} s of its `result`", limits_.stop_s));
  }
  if (*status != 0) {
    throw cell_failure(fmt::format("the target {} after its `result`", exit_text(*status)));
  }
  result.erase("event");
  return result;
}

std::optional<int> target_session::exit_code() {
  const auto status = child_.poll_exit();
  if (!status) return std::nullopt;
  return session::exit_code(*status);
}

void target_session::require_alive(const std::string& when) {
  const auto status = child_.poll_exit();
  if (status) throw cell_failure(fmt::format("the target {} {}", exit_text(*status), when));
}

void require_room(const json& ready, std::string_view of_what, std::int64_t wanted) {
  const json granted = ready.value("granted", json::object());
  const json room =
      granted.is_object() ? granted.value(fmt::format("{}_at_once", of_what), json()) : json();
  if (!room.is_number_integer() || room >= wanted) return;
  throw cell_failure(
      fmt::format("it has room for {} {} at once, and {} are asked for", room.dump(), of_what,
                  wanted),
      fmt::format("measure it in a form with room for more, or with fewer {}", of_what), true);
}

}  // namespace tailrace::session
