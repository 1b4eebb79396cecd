// SPDX-License-Identifier: MIT
// One cell of a workload that runs inside the target: fresh process, `ready`, `start`, and then the
// harness keeps still until the `result` comes, which carries counts and histograms. CPU time and
// switches are the process' own, from before `start` to its end. See cell_run.hpp; what a kind of
// work has to have done is checked in its own file (timer_check.hpp, file_check.hpp).
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/file_check.hpp"
#include "harness/campaign/file_of_cell.hpp"
#include "harness/campaign/inprocess_point.hpp"
#include "harness/campaign/task_limit.hpp"
#include "harness/campaign/timer_check.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/load/histogram_codec.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/thread_watch.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;
using histograms = session::histogram_map;

// The result says what it cost; the kernel's own account may be a little less precise.
constexpr double cpu_tolerance_ns = 50e6;

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

struct phase {
  observe::process_use target;  // before `start`
  observe::process_use harness_begin, harness_end;
  observe::machine_use machine_begin, machine_end;
  children_use begin, end;
  bool known = false;
  observe::thread_peak threads;  // where they were watched
};

// The target's CPU time from `start` to its end.
std::int64_t target_cpu_ns(const phase& seen) {
  return seen.end.cpu_ns - seen.begin.cpu_ns - seen.target.cpu_ns;
}

bool read_begin(const session::target_session& target, phase& seen) {
  const auto process = observe::read_process_use(target.pid());
  const auto harness = observe::read_process_use(::getpid());
  const auto machine = observe::read_machine_use();
  if (!process || !harness || !machine) return false;
  seen.target = *process;
  seen.harness_begin = *harness;
  seen.machine_begin = *machine;
  return true;
}

bool read_end(phase& seen) {
  const auto harness = observe::read_process_use(::getpid());
  const auto machine = observe::read_machine_use();
  if (!harness || !machine) return false;
  seen.harness_end = *harness;
  seen.machine_end = *machine;
  seen.end = children_use::now();
  return true;
}

void require_threads(const cell_work& work) {
  if (work.who.family != "os") return;
  const std::int64_t allowed = thread_limit();
  const std::int64_t needed = tasks_at_once(work.work);
  if (needed <= allowed) return;
  throw refusal(
      fmt::format("{} threads allowed, of which half are left to the machine, and {} tasks need "
                  "one each",
                  2 * allowed, needed),
      "raise kernel.pid_max, kernel.threads-max and the pids limit of the cgroup to twice as many",
      true);
}

json quantiles_json(const load::histogram& values) {
  if (values.count() == 0) return {{"count", 0}};
  return {{"count", values.count()},         {"min", values.min()},
          {"mean", values.mean()},           {"p50", values.quantile(0.5)},
          {"p90", values.quantile(0.9)},     {"p99", values.quantile(0.99)},
          {"p99.9", values.quantile(0.999)}, {"max", values.max()}};
}

json work_json(const session::result_event& result, const phase& seen) {
  json object = {{"counts", result.counts}, {"latency_ns", json::object()}};
  object["histograms"] = json::object();
  for (const auto& [name, values] : result.histograms) {
    object["latency_ns"][name] = quantiles_json(values);
    object["histograms"][name] = load::encode_histogram(values);
  }
  object["process"] = {{"cpu_ns", target_cpu_ns(seen)},
                       {"voluntary_switches", seen.end.voluntary - seen.begin.voluntary},
                       {"involuntary_switches", seen.end.involuntary - seen.begin.involuntary}};
  return object;
}

gate_inputs noise_inputs(const phase& seen, const cell_setting& setting, json& record) {
  gate_inputs inputs;
  inputs.disjoint = setting.cpus.disjoint || setting.cpus.shared;
  inputs.noise_known = seen.known;
  if (!seen.known) return inputs;
  const std::int64_t ours_ns =
      target_cpu_ns(seen) + seen.harness_end.cpu_ns - seen.harness_begin.cpu_ns;
  const auto noise = observe::noise_between(seen.machine_begin, seen.machine_end, ours_ns,
                                            static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
  record["noise"] = {{"foreign_cpu_share", noise.foreign_cpu_share},
                     {"steal_share", noise.steal_share},
                     {"involuntary_switches", seen.end.involuntary - seen.begin.involuntary}};
  inputs.foreign_cpu_share = noise.foreign_cpu_share;
  inputs.steal_share = noise.steal_share;
  return inputs;
}

std::vector<std::string> faults_of(const cell_work& work, const json& counts,
                                   const histograms& read) {
  const bool of_file = work.work.kind == point_kind::file;
  const auto found = read.find(of_file ? "read_ns" : "lateness_ns");
  const load::histogram* const values = found == read.end() ? nullptr : &found->second;
  if (of_file) return file_faults(counts, values, work.work);
  return timer_faults(counts, values, work.work, work.cell.seed);
}

void note_end(session::target_session& target, json& told) {
  told["stderr_tail"] = target.error_tail();
  if (const auto code = target.exit_code()) told["exit_code"] = *code;
}

// From `start` to the end of the process.
session::result_event run_work(const cell_work& work, const cell_setting& setting,
                               session::target_session& target, file_of_cell* file, phase& seen) {
  std::optional<observe::thread_watch> threads;
  if (file != nullptr) {
    file->arrange();
    threads.emplace(target.pid());
  }
  const bool begun = read_begin(target, seen);
  target.start();
  session::result_event result =
      target.await_result(inprocess_limit_s(work.work) + setting.limits.work_s);
  seen.known = begun && read_end(seen);
  if (threads) seen.threads = threads->peak();
  return result;
}

// Runs the target; its result goes to `told`. file: of file points.
session::result_event run_target(const cell_work& work, const cell_setting& setting,
                                 file_of_cell* file, phase& seen, json& told) {
  session::output_pump pump;
  session::target_request request = target_request_of(work, setting);
  request.options["seed"] = std::to_string(work.cell.seed);
  if (file != nullptr) request.options.merge(file->options());
  seen.begin = children_use::now();
  session::target_session target(pump, request, setting.limits);
  try {
    const session::ready_event ready = target.wait_ready();
    told["ready"] = json_of(ready);
    session::require_room(ready.tasks_at_once, "tasks", tasks_at_once(work.work));
    if (!ready.addresses.empty()) {
      throw refusal("the target's `ready` names an address although its work has no client");
    }
    session::result_event result = run_work(work, setting, target, file, seen);
    note_end(target, told);
    told["result"] = json_of(result);
    return result;
  } catch (const refusal&) {
    note_end(target, told);
    throw;
  }
}

}  // namespace

void run_inprocess_cell(const cell_work& work, const cell_setting& setting, json& record) {
  require_threads(work);
  record["target"] = {
      {"ready", nullptr}, {"result", nullptr}, {"exit_code", nullptr}, {"stderr_tail", ""}};
  phase seen;
  std::unique_ptr<file_of_cell> file;
  if (work.work.kind == point_kind::file)
    file = std::make_unique<file_of_cell>(setting.files_folder, work.work);
  const session::result_event result =
      run_target(work, setting, file.get(), seen, record["target"]);
  if (file) {
    file->look_after(seen.end.read_bytes - seen.begin.read_bytes);
    record["file"] = file->json(seen.threads);
  }
  const json counts = result.counts;
  std::vector<std::string> faults;
  const histograms& read = result.histograms;
  for (std::string& fault : faults_of(work, counts, read))
    faults.push_back(std::move(fault));
  const json claimed = counts.value("whole_cpu_ns", json());
  if (seen.known && claimed.is_number() &&
      claimed.get<double>() > static_cast<double>(target_cpu_ns(seen)) + cpu_tolerance_ns) {
    faults.push_back(fmt::format("the target claims {:.0f} ms of CPU time, and it had {:.0f} ms",
                                 claimed.get<double>() / 1e6,
                                 static_cast<double>(target_cpu_ns(seen)) / 1e6));
  }
  record["work"] = work_json(result, seen);
  std::vector<gate> gates =
      file ? file_gates(counts, work.work, file->evidence()) : timer_gates(counts, work.work);
  for (gate& each : noise_gates(noise_inputs(seen, setting, record)))
    gates.push_back(std::move(each));
  record["gates"] = gates_json(gates);
  judge(record, faults, missed_text(gates));
}

}  // namespace tailrace::campaign
