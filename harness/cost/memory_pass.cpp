// SPDX-License-Identifier: MIT
// User bytes per connection and per sleeping task, as the difference of two levels over the
// difference of their counts. Connections: both levels are of one process, so that what differs
// from start to start cancels; each state has a process of its own. Tasks: a process for each
// level. What is read is that of the memory points of `tailrace run` (observe/memory_use.hpp).
// See passes.hpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cost/echo_rounds.hpp"
#include "harness/cost/passes.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/memory_use.hpp"
#include "harness/session/cell_failure.hpp"

namespace tailrace::cost {
namespace {

using nlohmann::json;
using session::cell_failure;

struct levels {
  std::uint32_t low;
  std::uint32_t high;
  std::uint32_t between() const { return high - low; }
};
// Multiples of the chunks in which pools grow, so that no half-used chunk is in the difference.
constexpr levels connection_levels = {512, 4608};
constexpr levels task_levels = {1024, 9216};
constexpr levels thread_levels = {64, 576};
constexpr double settle_s = 0.1;
constexpr std::uint32_t warm_connections = 8;

std::int64_t from_now(double seconds) {
  return observe::monotonic_ns() + static_cast<std::int64_t>(seconds * 1e9);
}

double settled_bytes(session::output_pump& pump, session::target_session& session) {
  pump.drain_until(from_now(settle_s));
  const auto bytes = observe::read_user_bytes(session.pid());
  if (bytes) return *bytes;
  session.require_alive("while its memory was read");
  throw cell_failure("the target's memory could not be read from /proc");
}

// The kernel connects before the target accepts.
void wait_open(session::output_pump& pump, session::target_session& session, std::uint32_t wanted,
               double limit_s) {
  const std::int64_t deadline = from_now(limit_s);
  for (;;) {
    const json open = session.sample().value("open", json());
    if (open == wanted) return;
    if (observe::monotonic_ns() > deadline) {
      throw cell_failure(
          fmt::format("the target reports {} open connections where {} are", open.dump(), wanted));
    }
    pump.drain_until(from_now(0.01));
  }
}

double bytes_per_connection(const cost_options& options, const levels& at, bool used) {
  session::output_pump pump;
  session::target_session session(pump, request_of(options), limits_of(options));
  await_ready(session, at.high);
  echo_rounds load(session.address(), options.message_bytes, options.step_limit_s);
  // What is touched once is in both levels.
  load.open(warm_connections);
  load.echo_each_from(0);
  const auto level = [&](std::uint32_t count, std::size_t first_new) {
    load.open(count);
    wait_open(pump, session, count, options.step_limit_s);
    if (used) load.echo_each_from(first_new);
    return settled_bytes(pump, session);
  };
  const double low = level(at.low, warm_connections);
  const double high = level(at.high, at.low);
  session.stop();
  return (high - low) / at.between();
}

double bytes_of_tasks(const cost_options& options, std::uint32_t tasks) {
  session::output_pump pump;
  session::target_request request = request_of(options);
  request.workload = "idle";
  request.options["tasks"] = std::to_string(tasks);
  session::target_limits limits = limits_of(options);
  limits.ready_s *= 3;  // it starts them all before it is ready
  limits.stop_s = options.step_limit_s;
  session::target_session session(pump, request, limits);
  session.wait_ready();
  const double bytes = settled_bytes(pump, session);
  session.stop();
  return bytes;
}

}  // namespace

void measure_memory(const cost_options& options, const measured_target& target, int repeat,
                    cost_sheet& sheet) {
  const levels connections = target.one_thread_a_task ? thread_levels : connection_levels;
  const levels tasks = target.one_thread_a_task ? thread_levels : task_levels;
  const auto add = [&](const char* name, const char* unit, const levels& at, const auto& measure) {
    try {
      sheet.add(repeat, {name, unit, metric_kind::banded, {}, at.between()}, measure());
    } catch (const cell_failure& failure) {
      if (!failure.skipped()) throw;
      sheet.add_absent(name, failure.what());
    }
  };
  add("user_bytes_per_idle_connection", "bytes/connection", connections,
      [&] { return bytes_per_connection(options, connections, false); });
  add("user_bytes_per_used_connection", "bytes/connection", connections,
      [&] { return bytes_per_connection(options, connections, true); });
  if (!target.has_tasks) {
    sheet.add_absent("user_bytes_per_task", target.id + " has no tasks that could sleep");
    return;
  }
  add("user_bytes_per_task", "bytes/task", tasks, [&] {
    return (bytes_of_tasks(options, tasks.high) - bytes_of_tasks(options, tasks.low)) /
           tasks.between();
  });
}

}  // namespace tailrace::cost
