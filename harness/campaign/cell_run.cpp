// SPDX-License-Identifier: MIT
// See cell_run.hpp. The record around the work; the work is in load_cell.cpp,
// memory_cell.cpp and inprocess_cell.cpp.
#include "harness/campaign/cell_run.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

// Descriptors of a target or client beside its connections: listener, epoll, pipes, libraries.
constexpr std::int64_t files_beside = 64;

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

json new_record(const cell_work& work, const cell_setting& setting) {
  json record = {{"schema", 1},
                 {"cell", work.cell.id},
                 {"block", work.cell.block},
                 {"order", work.cell.order},
                 {"seed", work.cell.seed},
                 {"contestant", subject_json(work.who)},
                 {"point", point_json(work.work)},
                 {"cpus",
                  {{"target", observe::cpus_text(setting.cpus.target)},
                   {"client", observe::cpus_text(setting.cpus.client)},
                   {"disjoint", setting.cpus.disjoint},
                   {"shared_cpus", setting.cpus.shared ? json(setting.cpus.note) : json(nullptr)}}},
                 {"status", "failed"},
                 {"cause", nullptr},
                 {"remedy", nullptr},
                 {"started_at", utc_now()},
                 {"wall_s", 0.0},
                 {"target", nullptr},
                 {"load", nullptr},
                 {"cost", nullptr},
                 {"memory", nullptr},
                 {"work", nullptr},
                 {"file", nullptr},
                 {"noise", nullptr},
                 {"gates", json::array()}};
  if (!work.who.arm.empty()) record["arm"] = work.who.arm;
  return record;
}

// Throws a skip where it is clear beforehand that this cell cannot run.
void require_possible(const cell_work& work) {
  if (!work.program.available)
    throw refusal(work.program.cause, work.program.remedy, refusal::unsupported);
  if (std::ranges::count(work.program.workloads, work.work.workload) == 0) {
    throw refusal(fmt::format("{} has no workload `{}`", work.who.id, work.work.workload), "",
                  refusal::unsupported);
  }
  const bool tasks = work.work.kind == point_kind::task_memory;
  if (tasks && std::ranges::count(work.program.options, "tasks") == 0) {
    throw refusal(fmt::format("{} has no tasks that could sleep", work.who.id), "", true);
  }
  std::int64_t connections = work.work.connections;
  if (work.work.kind == point_kind::memory) connections = work.work.counts.back();
  if (tasks || work.work.in_process()) connections = 0;
  if (connections + files_beside > open_files_max()) {
    throw refusal(fmt::format("{} connections need about {} open files, and the limit here is {}",
                              connections, connections + files_beside, open_files_max()),
                  fmt::format("raise the limit (ulimit -Hn {}) or choose fewer connections",
                              connections + files_beside),
                  true);
  }
}

}  // namespace

std::int64_t open_files_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_max == RLIM_INFINITY ? INT64_MAX : static_cast<std::int64_t>(limit.rlim_max);
}

session::target_request target_request_of(const cell_work& work, const cell_setting& setting) {
  session::target_request request;
  request.program = work.program.path;
  request.workload = work.work.workload;
  request.workers = work.who.workers;
  request.cpus = setting.cpus.target;
  request.options = work.who.options;
  request.options.merge(workload_options(work.work));
  return request;
}

load_request load_request_of(const cell_work& work, const cell_setting& setting,
                             const std::string& address) {
  return {setting.load_program, address, setting.cpus.client, work.cell.seed, !setting.cpus.shared};
}

void judge(json& record, const std::vector<std::string>& faults, const std::string& missed_gates) {
  record["status"] = "ok";
  if (!missed_gates.empty()) {
    record["status"] = "gated";
    record["cause"] = missed_gates;
  }
  if (faults.empty()) return;
  std::string cause;
  for (const std::string& fault : faults)
    cause += (cause.empty() ? "" : "; ") + fault;
  record["status"] = "failed";
  record["cause"] = cause;
}

json run_cell(const cell_work& work, const cell_setting& setting) {
  json record = new_record(work, setting);
  const std::int64_t begin_ns = observe::monotonic_ns();
  try {
    require_possible(work);
    if (work.work.in_process()) {
      run_inprocess_cell(work, setting, record);
    } else if (work.work.under_load()) {
      run_load_cell(work, setting, record);
    } else {
      run_memory_cell(work, setting, record);
    }
  } catch (const refusal& failure) {
    record["status"] = failure.exit_code() == refusal::unsupported ? "skipped" : "failed";
    record["cause"] = failure.what();
    if (!failure.remedy().empty()) record["remedy"] = failure.remedy();
  }
  record["wall_s"] = static_cast<double>(observe::monotonic_ns() - begin_ns) / 1e9;
  return record;
}

}  // namespace tailrace::campaign
