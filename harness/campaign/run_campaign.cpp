// SPDX-License-Identifier: MIT
// See run_campaign.hpp. What a campaign is made of is in campaign_setup.cpp; this is the loop.
#include "harness/campaign/run_campaign.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/campaign_setup.hpp"
#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/progress.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/campaign.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/child_process.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

// The harness lives on the client's CPUs, so that it never disturbs the target.
void keep_off_target_cpus(const observe::cpu_partition& cpus) {
  if (cpus.client.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus.client)
    CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

void store(record::campaign& campaign, json& cell) {
  for (const char* const part : {"load", "work"}) {
    if (!cell[part].is_object() || !cell[part].contains("histograms")) continue;
    for (auto& [name, text] : cell[part]["histograms"].items()) {
      if (!text.is_string()) continue;
      text = campaign.write_histogram(cell["cell"], name, text.get<std::string>());
    }
  }
  campaign.append_cell(cell);
}

void run_cells(const campaign_setup& setup, record::campaign& campaign, progress& shown) {
  for (const planned_cell& cell : setup.made_plan.cells) {
    if (campaign.finished().contains(cell.id)) continue;
    session::throw_if_interrupted();
    shown.begin_cell(cell.id);
    const point& at = setup.made_plan.points[cell.point];
    subject who = setup.made_plan.subjects[cell.subject];
    if (at.workers != 0) who.workers = at.workers;
    cell_setting setting = setup.setting;
    setting.cpus = setup.point_cpus[cell.point];
    const cell_work work = {cell, at, who, setup.contestants.at(who.arm).at(who.id)};
    json record = run_cell(work, setting);
    store(campaign, record);
    const json& cause = record["cause"];
    shown.end_cell(cell.id, record["status"], cause.is_string() ? cause.get<std::string>() : "",
                   record["wall_s"]);
  }
}

std::string resume_command(const run_options& options, const std::string& name) {
  std::string command = fmt::format("tailrace run --resume {}", name);
  if (options.results != "results") command += " --results " + options.results;
  if (!options.targets.empty()) command += " --targets " + options.targets;
  return command;
}

}  // namespace

int run_campaign(const run_options& options) {
  session::catch_interrupts();
  session::adopt_orphans();
  const campaign_setup setup = options.resume.empty() ? plan_new(options) : plan_resumed(options);
  record::campaign campaign = options.resume.empty() ? create_campaign(options, setup)
                                                     : record::campaign::open(setup.folder);
  keep_off_target_cpus(setup.setting.cpus);
  const std::string name = campaign.folder().filename().string();
  std::vector<double> expected;
  tally before;
  for (const planned_cell& cell : setup.made_plan.cells) {
    const auto finished = campaign.finished().find(cell.id);
    if (finished != campaign.finished().end()) {
      before.count(finished->second);
    } else {
      expected.push_back(expected_cell_s(setup.made_plan.points[cell.point]));
    }
  }
  double seconds = 0;
  for (const double each : expected)
    seconds += each;
  fmt::print("{}: {} cells to run, about {}; target on CPU {}, client on CPU {}\n", name,
             expected.size(), duration_text(seconds), observe::cpus_text(setup.setting.cpus.target),
             observe::cpus_text(setup.setting.cpus.client));
  if (!setup.setting.cpus.disjoint) fmt::print("{}\n", setup.setting.cpus.note);
  for (std::size_t i = 0; i < setup.point_cpus.size(); ++i) {
    if (!setup.point_cpus[i].shared) continue;
    fmt::print("{}: {}\n", setup.made_plan.points[i].id, setup.point_cpus[i].note);
  }
  const int done = static_cast<int>(setup.made_plan.cells.size() - expected.size());
  progress shown(stdout, ::isatty(STDOUT_FILENO) == 1, done, std::move(expected));
  shown.totals() = before;
  try {
    run_cells(setup, campaign, shown);
  } catch (const session::interrupted&) {
    shown.finish();
    fmt::print("session::interrupted: {} ({}); finish it with\n  {}\n", campaign.folder().string(),
               shown.totals().text(), resume_command(options, name));
    return exit_interrupted;
  }
  shown.finish();
  fmt::print("{}: {}\n", campaign.folder().string(), shown.totals().text());
  return shown.totals().failed > 0 ? refusal::failed : 0;
}

}  // namespace tailrace::campaign
