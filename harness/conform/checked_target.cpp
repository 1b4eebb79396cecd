// SPDX-License-Identifier: MIT
// See checked_target.hpp.
#include "harness/conform/checked_target.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <array>
#include <exception>

#include "harness/load/resolve.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::conform {
namespace {

using session::result_event;

// runtimes/PROTOCOL.md, metrics.
constexpr std::array metrics_of_workers{
    "busy_ns",    "polls",        "parks",     "noop_parks",    "steals", "steal_operations",
    "overflows",  "cq_overflows", "lifo_runs", "forced_yields", "wakes",  "retakes",
    "queue_depth"};
constexpr std::array metrics_of_the_whole{"tasks_spawned",    "tasks_finished", "tasks_failed",
                                          "tasks_cancelled",  "tasks_alive",    "open_descriptors",
                                          "timers_armed",     "inject_depth",   "remote_schedules",
                                          "blocking_threads", "blocking_depth", "stalls",
                                          "budget_exhausted", "threads_alive",  "refused_threads"};

bool is_level(const std::string& count) {
  return count == "open" || count == "sleeping";
}

session::target_limits limits_of(const context& with) {
  session::target_limits limits;
  limits.ready_s = limits.sample_s = with.wait_s();
  limits.stop_s = context::stop_limit_s;
  return limits;
}

// accepted = closed + open, and nothing missing.
void require_adding_up(const count_map& counts) {
  for (const char* name : {"accepted", "closed", "open", "received_bytes", "sent_bytes", "errors",
                           "resets", "accept_errors"})
    count_at(counts, name);
  const std::int64_t accepted = counts.at("accepted");
  const std::int64_t closed = counts.at("closed");
  const std::int64_t open = counts.at("open");
  require(accepted == closed + open,
          fmt::format("accepted {} is not closed {} + open {}", accepted, closed, open));
}

// Documented names have their documented shape, and lists one number a worker.
void require_shape(const nlohmann::json& metrics, int workers) {
  const auto documented = [](const auto& names, const std::string& name) {
    return std::ranges::find(names, name) != std::end(names);
  };
  for (const auto& [name, metric] : metrics.items()) {
    const std::string shown = "metric " + session::quoted_excerpt(name);
    require(metric.is_array() || !documented(metrics_of_workers, name),
            shown + " is of each worker and not a list");
    require(!metric.is_array() || !documented(metrics_of_the_whole, name),
            shown + " is of the whole target and a list");
    require(!metric.is_array() || metric.size() == static_cast<std::size_t>(workers),
            fmt::format("{} has {} entries for {} workers", shown, metric.size(), workers));
  }
}

}  // namespace

session::target_request request_of(const context& with, const std::string& workload,
                                   const run_settings& wanted) {
  session::option_map given = wanted.options;
  for (const auto& [name, value] : with.settings)
    if (with.described.option(workload, name) != nullptr) given.try_emplace(name, value);
  session::target_request request;
  request.program = with.target;
  request.workload = workload;
  request.workers = wanted.workers;
  request.port = wanted.port;
  request.cpus = wanted.cpus;
  request.descriptor_limit = wanted.descriptor_limit;
  request.options = session::options_of(with.described, workload, given);
  return request;
}

void require_workload(const context& with, const std::string& workload,
                      const std::vector<std::string>& options) {
  if (!with.described.has_workload(workload)) skip("it has no workload " + workload);
  for (const std::string& name : options) {
    require(with.described.option(workload, name) != nullptr,
            "workload " + workload + " without an option '" + name + "'");
  }
}

peer connect_to(const context& with, const std::string& address, std::uint64_t number) {
  return {load::resolve_endpoint(address, with.patience.connect_s), number, with.patience};
}

checked_target::checked_target(const context& with, const std::string& workload,
                               const run_settings& wanted)
    : with_(with),
      in_process_(with.described.works_in_process(workload)),
      session_(pump_, request_of(with, workload, wanted), limits_of(with)) {
  if (!wanted.first_command.empty()) session_.send(wanted.first_command);
  ready_ = session_.wait_ready();
  require(ready_.addresses.empty() == in_process_,
          in_process_ ? "ready names an address although the workload has no client"
                      : "ready without an address of a workload that is not in `in_process`");
}

// A dying process may take its time to go (core dumps, sanitizers).
checked_target::~checked_target() {
  if (std::uncaught_exceptions() == 0) return;
  std::optional<int> status;
  try {
    status = session_.wait_exit(0.2);
  } catch (const session::interrupted&) {  // on its way already, or at the next wait
  }
  if (!status) return;
  with_.death = "the target had " + session::exit_text(*status);
  pump_.drain();
  const std::string last_words = observe::trimmed(session_.error_tail());
  if (!last_words.empty()) with_.death += ", its last words: " + last_words.substr(0, 400);
}

void checked_target::require_room(std::int64_t wanted) const {
  if (in_process_) {
    session::require_room(ready_.tasks_at_once, "tasks", wanted);
  } else {
    session::require_room(ready_.connections_at_once, "connections", wanted);
  }
}

void checked_target::require_sound(const count_map& counts, const char* where) {
  if (!in_process_) require_adding_up(counts);
  for (const auto& [name, before] : last_) {
    require(is_level(name) || count_at(counts, name) >= before,
            fmt::format("count '{}' has shrunk in the {}", name, where));
  }
}

count_map checked_target::sample() {
  count_map counts = session_.sample();
  require_sound(counts, "sample");
  last_ = counts;
  return counts;
}

count_map checked_target::await_count(const std::string& name, std::int64_t value) {
  const std::int64_t until = with_.soon();
  for (;;) {
    count_map counts = sample();
    const std::int64_t is = count_at(counts, name);
    if (is == value) return counts;
    require(observe::monotonic_ns() < until,
            fmt::format("count '{}' stays at {} instead of {}", name, is, value));
    session_.drain_for(0.002);
  }
}

result_event checked_target::stop() {
  session_.send("stop");
  return await_stop();
}

result_event checked_target::read_result(double limit_s) {
  result_event result = session_.await_result(limit_s);
  require_sound(result.counts, "result");
  require_shape(result.metrics, ready_.workers);
  if (!in_process_) {
    const std::int64_t open = result.counts.at("open");
    require(open == 0, fmt::format("the result has {} connections open instead of none", open));
  }
  require(!session_.next_event(with_.wait_s(), "end of output"), "an event came after the result");
  return result;
}

void checked_target::await_exit() {
  const auto status = session_.wait_exit(context::stop_limit_s);
  if (!status)
    throw refusal(observe::with_stacks("the process has not ended in time", session_.pid()));
}

void checked_target::end_by_closed_input() {
  session_.child().close_input();
  await_exit();
}

void checked_target::end_by_sigterm() {
  session_.child().signal(SIGTERM);
  await_exit();
}

std::int64_t count_at(const count_map& counts, const std::string& name) {
  const auto found = counts.find(name);
  require(found != counts.end(), "the counts lack '" + name + "'");
  return found->second;
}

void require_count(const result_event& result, const std::string& name, std::int64_t wanted) {
  const std::int64_t is = count_at(result.counts, name);
  require(is == wanted,
          fmt::format("count '{}' of the result is {} instead of {}", name, is, wanted));
}

void require_values(const result_event& result, const std::string& histogram, std::int64_t wanted) {
  const auto found = result.histograms.find(histogram);
  require(found != result.histograms.end(), "the result has no histogram '" + histogram + "'");
  const auto is = static_cast<std::int64_t>(found->second.count());
  require(is == wanted,
          fmt::format("the histogram '{}' holds {} values instead of {}", histogram, is, wanted));
}

ended_program run_to_end(const context& with, const std::vector<std::string>& words) {
  session::child_command command{.argv = {with.target}};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  session::output_pump pump;
  session::child_process child(command);
  session::child_output output(pump, child);
  std::string text;
  const std::int64_t until = with.soon();
  output.everything(until, text);
  const auto status = output.wait_exit(until);
  if (!status) throw refusal(observe::with_stacks("it goes on running", child.pid()));
  pump.drain();
  return {session::exit_code(*status), observe::trimmed(output.error_tail())};
}

refused_run run_refused(const context& with, const session::target_request& request) {
  session::output_pump pump;
  session::target_session target(pump, request, limits_of(with));
  const auto event = target.next_event(with.wait_s(), "error");
  require(event.has_value(), "output ended where an 'error' event was due");
  const auto* const error = std::get_if<session::error_event>(&*event);
  require(error != nullptr,
          fmt::format("a '{}' event came where 'error' was due", session::kind_of(*event)));
  require(!error->remedy.empty(), "an error event without a remedy");
  const auto status = target.wait_exit(with.wait_s());
  require(status.has_value(), "it goes on running after its 'error' event");
  return {*error, session::exit_code(*status)};
}

}  // namespace tailrace::conform
