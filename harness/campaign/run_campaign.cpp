// SPDX-License-Identifier: MIT
// See run_campaign.hpp. What a campaign is made of is in campaign_setup.cpp; block_run.cpp runs one
// block.
#include "harness/campaign/run_campaign.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "harness/campaign/block_run.hpp"
#include "harness/campaign/campaign_setup.hpp"
#include "harness/campaign/own_test.hpp"
#include "harness/campaign/progress.hpp"
#include "harness/campaign/resolution.hpp"
#include "harness/campaign/subject_cost.hpp"
#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/campaign.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/child_process.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

void run_cells(const campaign_setup& setup, record::campaign& campaign, progress& shown) {
  std::map<int, std::vector<const planned_cell*>> blocks;
  for (const planned_cell& cell : setup.made_plan.cells)
    if (!campaign.finished().contains(cell.id)) blocks[cell.block].push_back(&cell);
  resolution twice;
  const auto note = [&](const json& cell) {
    const json* const who = record::member_of(cell, "subject");
    if (who != nullptr && record::text_or(*who, "id") == setup.from.twin) twice.add(cell);
  };
  if (!setup.from.twin.empty()) std::ranges::for_each(campaign.cells(), note);
  block_run runner(setup, campaign, shown, note);
  for (const auto& [block, cells] : blocks) {
    runner.run(cells);
    shown.end_generation(block + 1, setup.made_plan.blocks, twice.text());
  }
}

// The subjects that costs.jsonl lacks.
std::vector<const subject*> uncounted(const campaign_setup& setup,
                                      const record::campaign& campaign) {
  std::vector<const subject*> left;
  if (!setup.from.costs) return left;
  for (const subject& who : setup.made_plan.subjects)
    if (who.form != control_form && !campaign.has_cost_of(subject_json(who))) left.push_back(&who);
  return left;
}

void count_costs(const campaign_setup& setup, const std::vector<const subject*>& subjects,
                 record::campaign& campaign, progress& shown) {
  if (!subjects.empty())
    shown.note(fmt::format("counting what an operation costs (subjects: {})", subjects.size()));
  for (const subject* const who : subjects) {
    session::throw_if_interrupted();
    const std::string name =
        fmt::format("cost-{}-{}{}{}", who->id, who->form, who->arm.empty() ? "" : "-", who->arm);
    shown.begin_step(name);
    const std::int64_t begin_ns = observe::monotonic_ns();
    const contestant& program = setup.contestants.at(who->arm).at(who->id);
    const json cost = subject_cost(*who, program, setup.from.instructions);
    campaign.append_cost(cost);
    shown.end_step(name, cost["status"], record::text_or(cost, "cause"),
                   static_cast<double>(observe::monotonic_ns() - begin_ns) / 1e9);
  }
}

std::string resume_command(const run_options& options, const std::string& name) {
  std::string command = fmt::format("tailrace run --resume {}", name);
  if (options.results != "results") command += " --results " + options.results;
  if (!options.targets.empty()) command += " --targets " + options.targets;
  if (!options.target_cpus.empty()) {
    command +=
        fmt::format(" --target-cpus {} --client-cpus {}", options.target_cpus, options.client_cpus);
  }
  if (options.tune) command += " --tune";
  return command;
}

// What a quiet campaign is told to.
using closed_file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
closed_file silence() {
  closed_file opened(std::fopen("/dev/null", "we"), std::fclose);
  if (!opened) throw refusal("/dev/null cannot be opened");
  return opened;
}

void announce(std::FILE* out, const campaign_setup& setup, const std::string& name,
              std::size_t cells, double seconds) {
  const observe::cpu_partition& cpus = setup.setting.cpus;
  fmt::print(out, "{}: {} cells to run, about {}; target on CPU {}, client on CPU {}\n", name,
             cells, duration_text(seconds), observe::cpus_text(cpus.target),
             observe::cpus_text(cpus.client));
  if (!cpus.disjoint) fmt::print(out, "{}\n", cpus.note);
  if (!setup.left_out.empty()) {
    fmt::print(out, "built, but not in the profile: {} (--peers measures them too)\n",
               fmt::join(setup.left_out, ", "));
  }
  for (const left_out_point& each : setup.points_left_out)
    fmt::print(out, "left out: {}: {}\n", each.id, each.cause);
  for (std::size_t i = 0; i < setup.point_cpus.size(); ++i) {
    if (!setup.point_cpus[i].shared) continue;
    fmt::print(out, "{}: {}\n", setup.made_plan.points[i].id, setup.point_cpus[i].note);
  }
}

}  // namespace

int run_campaign(const run_options& options) {
  session::catch_interrupts();
  session::adopt_orphans();
  const campaign_setup setup = options.resume.empty() ? plan_new(options) : plan_resumed(options);
  record::campaign campaign = options.resume.empty() ? create_campaign(options, setup)
                                                     : record::campaign::open(setup.folder);
  if (campaign.plan().at("blocks") != setup.made_plan.blocks)
    campaign.replace_plan(plan_json(setup.made_plan));
  const std::string name = campaign.folder().filename().string();
  const std::vector<const subject*> to_count = uncounted(setup, campaign);
  std::vector<double> expected(to_count.size(), expected_cost_s(setup.from.instructions));
  tally before;
  for (const planned_cell& cell : setup.made_plan.cells) {
    const auto finished = campaign.finished().find(cell.id);
    if (finished != campaign.finished().end()) {
      before.count(finished->second);
    } else {
      expected.push_back(setup.made_plan.points[cell.point].work->expected_s());
    }
  }
  const std::size_t cells = expected.size() - to_count.size();
  const closed_file unheard = options.quiet ? silence() : closed_file(nullptr, std::fclose);
  std::FILE* const out = options.quiet ? unheard.get() : stdout;
  announce(out, setup, name, cells, std::accumulate(expected.begin(), expected.end(), 0.0));
  const int done = static_cast<int>(setup.made_plan.cells.size() - cells);
  const bool terminal = !options.quiet && ::isatty(STDOUT_FILENO) == 1;
  progress shown(out, terminal, done, std::move(expected));
  shown.totals() = before;
  try {
    run_own_test(options, setup, campaign);
    keep_off_target_cpus(setup.setting.cpus);
    count_costs(setup, to_count, campaign, shown);
    run_cells(setup, campaign, shown);
  } catch (const session::interrupted&) {
    shown.finish();
    fmt::print(out, "interrupted: {} ({}); finish it with\n  {}\n", campaign.folder().string(),
               shown.totals().text(), resume_command(options, name));
    return session::exit_interrupted;
  }
  shown.finish();
  const int failed_costs = campaign.failed_costs();
  fmt::print(out, "{}: {}{}\n", campaign.folder().string(), shown.totals().text(),
             failed_costs == 0 ? "" : fmt::format("; costs that failed: {}", failed_costs));
  const plan& made = setup.made_plan;
  if (!made.looks.at.empty() && made.blocks < made.looks.at.back()) {
    fmt::print(out, "a look of {}; whether it goes on: scripts/report until {}\n",
               fmt::join(made.looks.at, ", "), campaign.folder().string());
  }
  return shown.totals().failed + failed_costs > 0 ? refusal::failed : 0;
}

}  // namespace tailrace::campaign
