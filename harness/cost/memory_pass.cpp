// SPDX-License-Identifier: MIT
// User bytes per connection and per sleeping task, as the difference of two levels over the
// difference of their counts. Connections: both levels are of one process, so that what differs
// from start to start cancels; each state has a process of its own. Tasks: a process for each
// level. What is read is that of the memory points of `tailrace run` (observe/memory_use.hpp).
// See passes.hpp.
#include <fmt/format.h>

#include "harness/cost/echo_rounds.hpp"
#include "harness/cost/passes.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/memory_use.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cost {
namespace {

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

double settled_bytes(session::target_session& session) {
  session.drain_for(settle_s);
  const auto bytes = observe::read_user_bytes(session.pid());
  if (bytes) return *bytes;
  session.require_alive("while its memory was read");
  throw refusal("the target's memory could not be read from /proc");
}

double bytes_per_connection(const measured_target& target, const levels& at, bool used) {
  measured_target with_room = target;
  with_room.options.connections = at.high;
  serving_target serving(with_room);
  // What is touched once is in both levels.
  serving.load.open(warm_connections);
  serving.load.echo_each_from(0);
  const auto level = [&](std::uint32_t count, std::size_t first_new) {
    serving.load.open(count);
    // The kernel connects before the target accepts.
    serving.session.await_count("open", count, target.options.step_limit_s);
    if (used) serving.load.echo_each_from(first_new);
    return settled_bytes(serving.session);
  };
  const double low = level(at.low, warm_connections);
  const double high = level(at.high, at.low);
  serving.session.stop();
  return (high - low) / at.between();
}

double bytes_of_tasks(const measured_target& target, std::uint32_t tasks) {
  session::output_pump pump;
  session::target_limits limits = target.limits();
  limits.ready_s *= 3;  // it starts them all before it is ready
  limits.stop_s = target.options.step_limit_s;
  session::target_session session(pump, target.request("idle", {{"tasks", std::to_string(tasks)}}),
                                  limits);
  session.wait_ready();
  const double bytes = settled_bytes(session);
  session.stop();
  return bytes;
}

}  // namespace

void measure_memory(const measured_target& target, int repeat, cost_sheet& sheet) {
  const bool are_threads = session::has_a_thread_per_task(target.described.family);
  const levels connections = are_threads ? thread_levels : connection_levels;
  const levels tasks = are_threads ? thread_levels : task_levels;
  const auto add = [&](const char* name, const char* unit, const levels& at, const auto& measure) {
    try {
      sheet.add(repeat, {name, unit, metric_kind::banded, {}, at.between()}, measure());
    } catch (const refusal& why) {
      if (why.exit_code() != refusal::unsupported) throw;
      sheet.add_absent(name, why.sentence());
    }
  };
  add("user_bytes_per_idle_connection", "bytes/connection", connections,
      [&] { return bytes_per_connection(target, connections, false); });
  add("user_bytes_per_used_connection", "bytes/connection", connections,
      [&] { return bytes_per_connection(target, connections, true); });
  if (target.described.option("idle", "tasks") == nullptr) {
    sheet.add_absent("user_bytes_per_task", target.described.id + " has no tasks that could sleep");
    return;
  }
  add("user_bytes_per_task", "bytes/task", tasks, [&] {
    return (bytes_of_tasks(target, tasks.high) - bytes_of_tasks(target, tasks.low)) /
           tasks.between();
  });
}

}  // namespace tailrace::cost
