// SPDX-License-Identifier: MIT
// See in_process.hpp.
#include "harness/kinds/in_process.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/tuning.hpp"
#include "harness/kinds/phase_noise.hpp"
#include "harness/kinds/task_limit.hpp"
#include "harness/load/histogram_codec.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

using nlohmann::json;

// The result says what it cost; the kernel's own account may be a little less precise.
constexpr double cpu_tolerance_ns = 50e6;
constexpr double limit_of_task_s = 200e-6;  // a thread takes 20 to 70 us to make

std::int64_t nanoseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1000;
}

// Of the children that have been waited for: their end is in it.
struct children_use {
  std::int64_t cpu_ns = 0;
  std::int64_t read_bytes = 0;  // from devices
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;

  static children_use now() {
    rusage use{};
    ::getrusage(RUSAGE_CHILDREN, &use);
    return {nanoseconds(use.ru_utime) + nanoseconds(use.ru_stime), use.ru_inblock * 512,
            use.ru_nvcsw, use.ru_nivcsw};
  }
};

// The target's use.
struct target_use {
  // From before `start` to its end.
  std::int64_t cpu_ns = 0;
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;
  std::int64_t read_bytes = 0;  // from devices, from its beginning
  std::optional<observe::phase_noise> noise;
};

void require_threads(const campaign::subject& who, std::int64_t tasks) {
  if (!has_a_thread_per_task(who)) return;
  const observe::machine_limit limit = observe::threads_limit();
  if (tasks <= threads_for_tasks(limit)) return;
  throw refusal(fmt::format("{} tasks need a thread each; {} allows {}, of which half are left to "
                            "the machine",
                            tasks, limit.set_by, limit.most),
                limit.remedy(2 * tasks), refusal::unsupported);
}

// From `start` to the end of the process.
session::result_event run_target(const campaign::cell_context& cell, cell_surroundings& around,
                                 std::int64_t tasks, double limit_s, json& record,
                                 target_use& seen) {
  const children_use begin = children_use::now();
  machine_watch machine;
  std::optional<machine_edge> machine_begin;
  int pid = 0;
  std::int64_t before_start_ns = 0;
  observe::switch_counts before_start;
  session::result_event result;
  {
    std::map<std::string, std::string> options = around.options();
    options["seed"] = std::to_string(cell.cell.seed);
    session::output_pump pump;
    session::target_session target(pump, campaign::target_request_of(cell, options),
                                   cell.setting.limits);
    const campaign::target_note note(target, record);
    const session::ready_event ready = target.wait_ready();
    record["target"]["ready"] = json_of(ready);
    session::require_room(ready.tasks_at_once, "tasks", tasks);
    if (!ready.addresses.empty())
      throw refusal("the target's `ready` names an address although its work has no client");
    around.before_start(target.pid());
    if (cell.setting.tuned) {
      campaign::put_into_fifo(target.pid(), limit_s);
      record["scheduling"] = "fifo";
    }
    if (const auto use = observe::read_process_use(target.pid())) {
      before_start_ns = use->cpu_ns;
      before_start = observe::read_switches(target.pid());
      pid = target.pid();
      machine_begin = machine.read(pid);
    }
    target.start();
    result = target.await_result(limit_s);
    record["target"]["result"] = json_of(result);
  }
  const auto machine_end = machine.read(pid);
  const children_use end = children_use::now();
  seen.cpu_ns = end.cpu_ns - begin.cpu_ns - before_start_ns;
  seen.voluntary = end.voluntary - begin.voluntary - before_start.voluntary;
  seen.involuntary = end.involuntary - begin.involuntary - before_start.involuntary;
  seen.read_bytes = end.read_bytes - begin.read_bytes;
  if (machine_begin && machine_end) {
    seen.noise = noise_between(*machine_begin, *machine_end);
    record["noise"] = noise_json(*seen.noise, seen.involuntary);
  }
  return result;
}

json quantiles_json(const load::histogram& values) {
  if (values.count() == 0) return {{"count", 0}};
  return {{"count", values.count()},         {"min", values.min()},
          {"mean", values.mean()},           {"p50", values.quantile(0.5)},
          {"p90", values.quantile(0.9)},     {"p99", values.quantile(0.99)},
          {"p99.9", values.quantile(0.999)}, {"max", values.max()}};
}

json work_json(const session::result_event& result, const target_use& seen) {
  json object = {{"counts", result.counts},
                 {"latency_ns", json::object()},
                 {"histograms", json::object()},
                 {"process",
                  {{"cpu_ns", seen.cpu_ns},
                   {"voluntary_switches", seen.voluntary},
                   {"involuntary_switches", seen.involuntary}}}};
  for (const auto& [name, values] : result.histograms) {
    object["latency_ns"][name] = quantiles_json(values);
    object["histograms"][name] = load::encode_histogram(values);
  }
  return object;
}

}  // namespace

nlohmann::json work_in_process::json() const {
  return {{"options", options_}};
}

std::int64_t work_in_process::number(const std::string& name) const {
  const auto found = options_.find(name);
  std::int64_t value = 0;
  if (found == options_.end()) return value;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

void work_in_process::run(const campaign::cell_context& cell, nlohmann::json& record) const {
  require_threads(cell.who, tasks_at_once());
  const auto around = surround(cell);
  const double limit_s = work_s() + limit_of_task_s * static_cast<double>(number("tasks")) +
                         cell.setting.limits.work_s;
  target_use seen;
  const session::result_event result =
      run_target(cell, *around, tasks_at_once(), limit_s, record, seen);
  around->after_end(seen.read_bytes, record);
  std::vector<std::string> found = faults(result, cell.cell.seed);
  const auto claimed = result.counts.find("whole_cpu_ns");
  if (seen.noise && claimed != result.counts.end() &&
      static_cast<double>(claimed->second) > static_cast<double>(seen.cpu_ns) + cpu_tolerance_ns) {
    found.push_back(fmt::format("the target claims {} ms of CPU time, and it had {} ms",
                                claimed->second / 1'000'000, seen.cpu_ns / 1'000'000));
  }
  record["work"] = work_json(result, seen);
  std::vector<campaign::validity_check> checks = around->checks(result.counts);
  const observe::cpu_partition& cpus = cell.setting.cpus;
  for (auto& each : campaign::noise_checks(cpus.disjoint || cpus.shared, seen.noise))
    checks.push_back(std::move(each));
  campaign::judge(record, found, checks);
}

std::vector<std::string> histogram_faults(const session::histogram_map& histograms,
                                          const std::string& name, std::int64_t values,
                                          const char* of_what) {
  const auto found = histograms.find(name);
  if (found == histograms.end()) return {fmt::format("the result has no histogram `{}`", name)};
  if (found->second.count() == static_cast<std::uint64_t>(values)) return {};
  return {fmt::format("the histogram `{}` holds {} values of {} {}", name, found->second.count(),
                      values, of_what)};
}

}  // namespace tailrace::kinds
