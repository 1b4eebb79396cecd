// SPDX-License-Identifier: MIT
// See target_session.hpp.
#include "harness/session/target_session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::session {
namespace {

using observe::from_now;
using outcome = child_output::outcome;

child_command command_of(const target_request& request) {
  child_command command;
  command.argv = request.wrapper;
  command.argv.insert(command.argv.end(), {request.program, "run", "--workload", request.workload,
                                           "--workers", std::to_string(request.workers), "--host",
                                           "0.0.0.0", "--port", std::to_string(request.port)});
  for (const auto& [name, value] : request.options)
    command.argv.insert(command.argv.end(), {"--set", name + "=" + value});
  command.cpus = request.cpus;
  command.descriptor_limit = request.descriptor_limit;
  command.cgroup_join_path = request.cgroup_join_path;
  command.before_exec = request.before_exec;
  command.in_child = request.in_child;
  return command;
}

}  // namespace

target_session::target_session(output_pump& pump, const target_request& request,
                               const target_limits& limits)
    : pump_(pump),
      limits_(limits),
      child_(command_of(request)),
      output_(pump, child_, limits.output) {}

void target_session::fail_on_end(const std::string& wanted) {
  const auto status = wait_exit(1);
  pump_.drain();
  const std::string tail = observe::trimmed(output_.error_tail());
  std::string cause = fmt::format("the target {} before it answered with `{}`",
                                  status ? exit_text(*status) : "closed its output", wanted);
  if (!tail.empty()) cause += ": " + quoted_excerpt(tail, 200);
  throw refusal(cause);
}

void target_session::fail_on_error(const error_event& event) {
  const auto status = wait_exit(1);
  const bool skipped = status && session::exit_code(*status) == refusal::unsupported;
  throw refusal("the target says: " + event.message, event.remedy,
                skipped ? refusal::unsupported : refusal::failed);
}

void target_session::fail_on_time(const std::string& cause) const {
  throw refusal(observe::with_stacks(cause, child_.pid()));
}

outcome target_session::next_line(std::int64_t deadline_ns, std::string& line) {
  while (meanwhile_) {
    meanwhile_();
    const std::int64_t now_ns = observe::monotonic_ns();
    const outcome got = output_.next_line(std::min(deadline_ns, now_ns + observe::ns_per_ms), line);
    if (got != outcome::late || now_ns >= deadline_ns) return got;
  }
  return output_.next_line(deadline_ns, line);
}

std::optional<target_event> target_session::next_event(double limit_s, const std::string& wanted) {
  std::string line;
  switch (next_line(from_now(limit_s), line)) {
    case outcome::line:
      return read_event(line);
    case outcome::ended:
      return std::nullopt;
    case outcome::torn:
      throw refusal("the last line of the target's output has no end: " + quoted_excerpt(line));
    case outcome::late:
      fail_on_time(fmt::format("the target did not answer with `{}` within {} s", wanted, limit_s));
    case outcome::line_too_long:
      throw refusal(fmt::format("the target printed a line of more than {} bytes",
                                limits_.output.line_bytes));
    case outcome::too_much:
      throw refusal(fmt::format("the target flooded its output: more than {} bytes",
                                limits_.output.total_bytes));
  }
  return std::nullopt;
}

template <class Event>
Event target_session::expect(double limit_s, const std::string& wanted) {
  std::optional<target_event> event = next_event(limit_s, wanted);
  if (!event) fail_on_end(wanted);
  if (auto* const found = std::get_if<Event>(&*event)) return std::move(*found);
  if (const auto* const error = std::get_if<error_event>(&*event)) fail_on_error(*error);
  throw refusal(
      fmt::format("the target printed the event `{}` where `{}` was due", kind_of(*event), wanted));
}

ready_event target_session::wait_ready() {
  ready_event ready = expect<ready_event>(limits_.ready_s, "ready");
  if (ready.pid != pid()) {
    throw refusal(fmt::format(
        "`ready` says process {}, and {} was started: a script that starts it has to use exec",
        ready.pid, pid()));
  }
  if (!ready.addresses.empty()) address_ = ready.addresses.front();
  return ready;
}

std::string target_session::address() const {
  if (address_.empty()) throw refusal("the target's `ready` names no address");
  return address_;
}

void target_session::send(const std::string& command) {
  if (child_.write_line(command)) return;
  require_alive(fmt::format("before `{}`", command));
}

void target_session::start() {
  send("start");
}

count_map target_session::sample() {
  send("sample");
  return expect<sample_event>(limits_.sample_s, "sample").counts;
}

count_map target_session::await_count(const std::string& name, std::int64_t value, double limit_s) {
  constexpr double between_s = 0.01;
  for (const std::int64_t deadline = from_now(limit_s);;) {
    count_map counts = sample();
    const auto found = counts.find(name);
    if (found == counts.end()) throw refusal("the target's `sample` lacks the count " + name);
    if (found->second == value) return counts;
    if (observe::monotonic_ns() >= deadline) {
      throw refusal(fmt::format("the target's count `{}` stays at {} instead of {}", name,
                                found->second, value));
    }
    drain_for(between_s);
  }
}

result_event target_session::stop() {
  send("stop");
  return await_result(limits_.stop_s);
}

result_event target_session::await_result(double limit_s) {
  result_event result = expect<result_event>(limit_s, "result");
  const auto status = wait_exit(limits_.stop_s);
  if (!status)
    fail_on_time(
        fmt::format("the target did not exit within {} s of its `result`", limits_.stop_s));
  if (*status != 0)
    throw refusal(fmt::format("the target {} after its `result`", exit_text(*status)));
  return result;
}

std::optional<int> target_session::wait_exit(double limit_s) {
  return output_.wait_exit(from_now(limit_s));
}

std::optional<int> target_session::exit_code() {
  const auto status = child_.poll_exit();
  if (!status) return std::nullopt;
  return session::exit_code(*status);
}

void target_session::require_alive(const std::string& when) {
  const auto status = child_.poll_exit();
  if (status) throw refusal(fmt::format("the target {} {}", exit_text(*status), when));
}

void target_session::drain_for(double seconds) {
  pump_.drain_until(from_now(seconds));
}

void require_room(std::int64_t room, std::string_view of_what, std::int64_t wanted) {
  if (room >= wanted) return;
  throw refusal(
      fmt::format("it has room for {} {} at once, and {} are asked for", room, of_what, wanted),
      fmt::format("measure it in a form with room for more, or with fewer {}", of_what),
      refusal::unsupported);
}

}  // namespace tailrace::session
