// SPDX-License-Identifier: MIT
// One memory cell: bytes per connection in each of its states, or per sleeping task, as a slope
// over the counts. Each count gets a fresh target process in a fresh memory cgroup, so that no
// level holds what an earlier one left behind; the counts come in shuffled order, and 0 comes
// twice: the difference of the two is the drift. Before the first reading eight connections are
// made, used and closed, so that code and pools touched once are in every level alike. See
// cell_run.hpp.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/load_check.hpp"
#include "harness/campaign/load_child.hpp"
#include "harness/campaign/task_limit.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/memory_use.hpp"
#include "harness/observe/slope.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr int warm_connections = 8;
constexpr double level_limit_s = 20;  // until the target has opened or closed them all
// Page and per-CPU batches make levels jump by this much without meaning anything.
constexpr double drift_floor_bytes = 256.0 * 1024;
constexpr double drift_share_max = 0.05;

struct level {
  std::string state;
  std::int64_t n = 0;
  double t_s = 0;
  observe::memory_reading reading;
};

class memory_run {
 public:
  memory_run(const cell_work& work, const cell_setting& setting, json& told)
      : work_(work), setting_(setting), told_(told) {}

  void measure_connections(std::int64_t n);
  void measure_tasks(std::int64_t n);
  const std::vector<level>& levels() const { return levels_; }
  observe::memory_source source() const { return source_; }
  const std::string& source_cause() const { return source_cause_; }
  std::vector<std::string> take_faults() { return std::move(faults_); }

 private:
  void read(session::output_pump& pump, const observe::target_cgroup& group,
            session::target_session& target, const char* state, std::int64_t n);
  void finish(session::target_session& target);
  void note_end(session::target_session& target);
  session::target_request request(const observe::target_cgroup& group) const;

  const cell_work& work_;
  const cell_setting& setting_;
  json& told_;
  std::int64_t begin_ns_ = observe::monotonic_ns();
  std::vector<level> levels_;
  observe::memory_source source_ = observe::memory_source::procfs;
  std::string source_cause_;
  std::vector<std::string> faults_;
};

session::target_request memory_run::request(const observe::target_cgroup& group) const {
  session::target_request made = target_request_of(work_, setting_);
  made.cgroup_join_path = group.join_path();
  return made;
}

void memory_run::read(session::output_pump& pump, const observe::target_cgroup& group,
                      session::target_session& target, const char* state, std::int64_t n) {
  pump.drain_until(observe::from_now(work_.work.settle_s + group.settle_s()));
  const auto reading = group.read(target.pid());
  if (!reading) {
    target.require_alive("while its memory was read");
    throw refusal("the target's memory could not be read from /proc");
  }
  const auto t_s = static_cast<double>(observe::monotonic_ns() - begin_ns_) / 1e9;
  levels_.push_back({state, n, t_s, *reading});
  source_ = group.source();
  source_cause_ = group.cause();
}

void memory_run::note_end(session::target_session& target) {
  told_["stderr_tail"] = target.error_tail();
  if (const auto code = target.exit_code()) told_["exit_code"] = *code;
}

void memory_run::finish(session::target_session& target) {
  told_["result"] = json_of(target.stop());
  for (std::string& fault : count_faults(told_["result"]["counts"], true)) {
    faults_.push_back(std::move(fault));
  }
  note_end(target);
}

void memory_run::measure_connections(std::int64_t n) {
  const observe::target_cgroup group;
  session::output_pump pump;
  session::target_session target(pump, request(group), setting_.limits);
  try {
    const session::ready_event ready = target.wait_ready();
    told_["ready"] = json_of(ready);
    session::require_room(ready.connections_at_once, "connections",
                          std::max<std::int64_t>(n, warm_connections));
    load_hold hold(pump,
                   {setting_.load_program, target.address(), setting_.cpus.client, work_.cell.seed},
                   work_.work);
    hold.open(warm_connections);
    hold.echo();
    hold.close();
    target.await_count("open", 0, level_limit_s);
    hold.open(n);
    target.await_count("open", n, level_limit_s);
    read(pump, group, target, "idle", n);
    hold.echo();
    read(pump, group, target, "after_echo", n);
    hold.active();
    read(pump, group, target, "active", n);
    hold.drain();
    hold.close();
    target.await_count("open", 0, level_limit_s);
    read(pump, group, target, "retained", n);
    hold.quit();
    finish(target);
  } catch (const refusal&) {
    note_end(target);
    throw;
  }
}

void memory_run::measure_tasks(std::int64_t n) {
  const observe::target_cgroup group;
  session::output_pump pump;
  session::target_request asked = request(group);
  asked.options["tasks"] = std::to_string(n);
  session::target_limits limits = setting_.limits;
  limits.ready_s = std::max(limits.ready_s, 60.0);
  limits.stop_s = std::max(limits.stop_s, 30.0);  // many threads to join
  session::target_session target(pump, asked, limits);
  try {
    told_["ready"] = json_of(target.wait_ready());
    read(pump, group, target, "sleeping", n);
    finish(target);
  } catch (const refusal&) {
    note_end(target);
    throw;
  }
}

json number_or_null(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

template <class Value>
json slope_json(const std::vector<level>& levels, const std::string& state, const Value& value) {
  std::vector<observe::level_at> points;
  for (const level& each : levels) {
    if (each.state == state) points.push_back({static_cast<double>(each.n), value(each)});
  }
  const auto fit = observe::fit_slope(points);
  if (!fit) {
    json none;
    for (const char* key : {"slope_bytes", "low_bytes", "high_bytes", "intercept_bytes", "r2"}) {
      none[key] = nullptr;
      none[std::string(key) + "_cause"] = "fewer than two different counts";
    }
    return none;
  }
  return {{"slope_bytes", fit->slope},
          {"low_bytes", number_or_null(fit->low)},
          {"high_bytes", number_or_null(fit->high)},
          {"intercept_bytes", fit->intercept},
          {"r2", fit->r2}};
}

json states_json(const std::vector<level>& levels) {
  json states = json::object();
  for (const level& each : levels) {
    if (states.contains(each.state)) continue;
    json parts = json::object();
    for (const char* part : {"kernel_stack", "page_tables", "slab_and_sockets"}) {
      if (!each.reading.parts.contains(part)) continue;
      parts[part] = slope_json(levels, each.state, [part](const level& at) {
        return at.reading.parts.at(part);
      })["slope_bytes"];
    }
    states[each.state] = {
        {"user",
         slope_json(levels, each.state, [](const level& at) { return at.reading.user_bytes; })},
        {"kernel",
         slope_json(levels, each.state, [](const level& at) { return at.reading.kernel_bytes; })},
        {"kernel_parts", parts}};
  }
  return states;
}

// The two zero levels of the first state against the signal.
template <class Value>
gate drift_gate(const std::vector<level>& levels, const char* which, const Value& value) {
  double low = INFINITY;
  double high = -INFINITY;
  std::vector<double> zeros;
  for (const level& each : levels) {
    if (each.state != levels.front().state) continue;
    low = std::min(low, value(each));
    high = std::max(high, value(each));
    if (each.n == 0) zeros.push_back(value(each));
  }
  const double drift = zeros.empty() ? 0 : std::abs(zeros.back() - zeros.front());
  const double limit = std::max(drift_floor_bytes, drift_share_max * (high - low));
  return {fmt::format("{}_memory_drift", which), drift <= limit, drift, limit,
          fmt::format("two empty targets differed by {:.0f} bytes of {} memory", drift, which)};
}

std::string client_half_text(observe::memory_source source, const std::string& cause) {
  if (source != observe::memory_source::procfs) {
    return "excluded: the client runs in another cgroup and the slopes are of the target's own";
  }
  return "excluded, and so are the target's own sockets: kernel bytes are its page tables and "
         "thread stacks only, because " +
         cause;
}

json memory_json(const memory_run& run, const point& work,
                 const std::vector<std::int64_t>& counts) {
  json samples = json::array();
  for (const level& each : run.levels()) {
    samples.push_back({{"state", each.state},
                       {"n", each.n},
                       {"t_s", each.t_s},
                       {"user_bytes", each.reading.user_bytes},
                       {"kernel_bytes", each.reading.kernel_bytes},
                       {"parts", each.reading.parts}});
  }
  const bool tasks = work.kind == point_kind::task_memory;
  return {{"source", observe::memory_source_name(run.source())},
          {"unit", tasks ? "task" : "connection"},
          {"counts", counts},
          {"states", states_json(run.levels())},
          {"client_half",
           tasks ? "none: there is no client" : client_half_text(run.source(), run.source_cause())},
          {"samples", samples}};
}

// All but the last are shuffled; 0 is the first and the last.
std::vector<std::int64_t> order_of(const std::vector<std::int64_t>& counts, std::uint64_t seed) {
  std::vector<std::int64_t> order(counts.begin(), counts.end());
  std::mt19937_64 random(seed);  // its sequence is fixed by the standard
  for (std::size_t i = order.size(); i > 2; --i) {
    std::swap(order[i - 1], order[1 + random() % (i - 1)]);
  }
  order.push_back(0);
  return order;
}

}  // namespace

void run_memory_cell(const cell_work& work, const cell_setting& setting, json& record) {
  record["target"] = {
      {"ready", nullptr}, {"result", nullptr}, {"exit_code", nullptr}, {"stderr_tail", ""}};
  const bool tasks = work.work.kind == point_kind::task_memory;
  const std::vector<std::int64_t> counts =
      tasks && work.who.family == "os" ? within_thread_limit(work.work.counts) : work.work.counts;
  memory_run run(work, setting, record["target"]);
  for (const std::int64_t n : order_of(counts, work.cell.seed)) {
    if (tasks) {
      run.measure_tasks(n);
    } else {
      run.measure_connections(n);
    }
  }
  record["memory"] = memory_json(run, work.work, counts);
  const std::vector<gate> gates = {
      drift_gate(run.levels(), "user", [](const level& at) { return at.reading.user_bytes; }),
      drift_gate(run.levels(), "kernel", [](const level& at) { return at.reading.kernel_bytes; })};
  record["gates"] = gates_json(gates);
  judge(record, run.take_faults(), missed_text(gates));
}

}  // namespace tailrace::campaign
