// SPDX-License-Identifier: MIT
// See cell_run.hpp. The record around the work; the work is the kind's.
#include "harness/campaign/cell_run.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/machine_limits.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/campaign.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

// What the point itself sets has to be possible: its profile is for many targets.
void require_options(const contestant& program, const std::string& workload,
                     const session::option_map& options) {
  for (const auto& [name, value] : options) {
    const session::option_spec* const spec = program.about.option(workload, name);
    const std::string wrong = spec == nullptr
                                  ? fmt::format("workload {} has no option {}", workload, name)
                                  : spec->objection(value);
    if (!wrong.empty())
      throw refusal(fmt::format("{}: {}", program.id, wrong), "", refusal::unsupported);
  }
}

// What a target counts that gives each task a thread (runtimes/PROTOCOL.md, Metrics). Where the
// machine refused some, that is the cause of whatever else went wrong.
std::int64_t refused_threads(const json& record) {
  static const json::json_pointer place("/target/result/metrics/refused_threads");
  const json count = record.value(place, json());
  return count.is_number_integer() ? count.get<std::int64_t>() : 0;
}

}  // namespace

json new_record(const cell_context& cell) {
  const observe::cpu_partition& cpus = cell.setting.cpus;
  json record = {{"schema", record::schema_version},
                 {"cell", cell.cell.id},
                 {"block", cell.cell.block},
                 {"order", cell.cell.order},
                 {"seed", cell.cell.seed},
                 {"subject", subject_json(cell.who)},
                 {"point", point_json(cell.at)},
                 {"cpus",
                  {{"target", observe::cpus_text(cpus.target)},
                   {"client", observe::cpus_text(cpus.client)},
                   {"disjoint", cpus.disjoint},
                   {"shared_cpus", cpus.shared ? json(cpus.note) : json(nullptr)}}},
                 {"status", "failed"},
                 {"started_at", utc_now()},
                 {"validity", json::array()}};
  for (const char* const key : {"cause", "remedy", "target", "load", "cost", "memory", "work",
                                "file", "noise", "slices", "as_lived", "warmup", "idle"})
    record[key] = nullptr;
  record["scheduling"] = "other";
  record["keep_awake"] = false;
  if (!cell.who.arm.empty()) record["arm"] = cell.who.arm;
  return record;
}

void require_room_for_connections(const cell_context& cell) {
  const std::int64_t connections = cell.at.work->connections();
  const auto require = [&](const observe::machine_limit& limit, std::int64_t beside,
                           const char* what) {
    const std::int64_t needed = connections + beside;
    if (needed <= limit.most) return;
    throw refusal(fmt::format("{} connections need about {} {}, and {} allows {}", connections,
                              needed, what, limit.set_by, limit.most),
                  limit.remedy(needed) + ", or choose fewer connections", refusal::unsupported);
  };
  require(observe::open_files_limit(), files_beside, "open files");
  if (connections > 0 && session::has_a_thread_per_task(cell.who.family))
    require(observe::threads_limit(), threads_beside, "threads");
}

void require_workload(const contestant& program, const std::string& workload) {
  const session::description& about = program.about;
  if (!about.available) throw refusal(about.cause, about.remedy, refusal::unsupported);
  if (about.has_workload(workload)) return;
  throw refusal(fmt::format("{} has no workload `{}`", program.id, workload), "",
                refusal::unsupported);
}

void note_refusal(json& record, const refusal& refused) {
  record["status"] = refused.exit_code() == refusal::unsupported ? "skipped" : "failed";
  record["cause"] = refused.cause();
  if (!refused.remedy().empty()) record["remedy"] = refused.remedy();
}

session::option_map form_options_for(const session::description& about, const std::string& workload,
                                     session::option_map of_form) {
  std::erase_if(of_form, [&](const auto& option) {
    const std::string& name = option.first;
    return about.option(workload, name) == nullptr &&
           std::ranges::any_of(about.options, [&](const auto& each) { return each.name == name; });
  });
  return of_form;
}

session::target_request target_request_of(const cell_context& cell,
                                          const std::map<std::string, std::string>& more) {
  session::option_map given = cell.at.work->target_options();
  given.insert(more.begin(), more.end());
  require_options(cell.program, cell.at.workload, given);
  given.merge(form_options_for(cell.program.about, cell.at.workload, cell.who.options));
  session::target_request request;
  request.program = cell.program.path;
  request.workload = cell.at.workload;
  request.workers = cell.who.workers;
  request.cpus = cell.setting.cpus.target;
  request.options = session::options_of(cell.program.about, cell.at.workload, given);
  return request;
}

target_note::target_note(session::target_session& target, json& record)
    : target_(target), record_(record) {
  record_["target"] = {
      {"ready", nullptr}, {"result", nullptr}, {"exit_code", nullptr}, {"stderr_tail", ""}};
}

target_note::~target_note() {
  record_["target"]["stderr_tail"] = target_.error_tail();
  if (const auto code = target_.exit_code()) record_["target"]["exit_code"] = *code;
}

void judge(json& record, const std::vector<std::string>& faults,
           const std::vector<validity_check>& checks) {
  record["validity"] = validity_json(checks);
  if (const std::int64_t refused = refused_threads(record); refused > 0) {
    const observe::machine_limit limit = observe::threads_limit();
    note_refusal(record, refusal(fmt::format("the machine refused {} threads to the target, and "
                                             "{} is the least of its limits",
                                             refused, limit.set_by),
                                 limit.remedy(refused)));
    return;
  }
  if (!faults.empty()) {
    record["status"] = "failed";
    record["cause"] = fmt::format("{}", fmt::join(faults, "; "));
    return;
  }
  const bool kernel = std::ranges::any_of(
      checks, [](const validity_check& each) { return each.name == "kernel_memory_drift"; });
  const metric_set measured = !record["memory"].is_object()
                                  ? metric_latency | metric_rate | metric_cpu
                              : kernel ? metric_user_memory | metric_kernel_memory
                                       : metric_user_memory;
  record["status"] = status_of(checks, measured);
  if (std::string missed = failed_text(checks); !missed.empty())
    record["cause"] = std::move(missed);
}

void point_work::run(const cell_context& cell, nlohmann::json&) const {
  throw refusal(fmt::format("points of kind {} are not run alone", cell.at.kind));
}

json run_cell(const cell_context& cell) {
  json record = new_record(cell);
  const std::int64_t begin_ns = observe::monotonic_ns();
  try {
    require_workload(cell.program, cell.at.workload);
    require_room_for_connections(cell);
    cell.at.work->run(cell, record);
  } catch (const refusal& refused) {
    note_refusal(record, refused);
  } catch (const std::exception& error) {
    note_refusal(record, refusal(error.what()));
  }
  record["wall_s"] = static_cast<double>(observe::monotonic_ns() - begin_ns) / 1e9;
  return record;
}

}  // namespace tailrace::campaign
