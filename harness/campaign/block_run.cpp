// SPDX-License-Identifier: MIT
// See block_run.hpp.
#include "harness/campaign/block_run.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "harness/campaign/cell_run.hpp"
#include "harness/observe/machine_limits.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

bool in_slices(const cell_context& cell) {
  return cell.at.work->sliced() != nullptr;
}

}  // namespace

void keep_off_target_cpus(const observe::cpu_partition& cpus) {
  if (cpus.client.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus.client)
    CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

block_run::prepared block_run::prepare(const planned_cell& cell) const {
  const point& at = setup_.made_plan.points[cell.point];
  prepared made = {setup_.made_plan.subjects[cell.subject], setup_.setting};
  if (at.workers != 0) made.who.workers = at.workers;
  made.setting.cpus = setup_.point_cpus[cell.point];
  return made;
}

void block_run::run(const std::vector<const planned_cell*>& cells) {
  std::vector<prepared> all;
  for (const planned_cell* const each : cells)
    all.push_back(prepare(*each));
  std::vector<cell_context> sliced;
  std::vector<cell_context> alone;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const prepared& made = all[i];
    const cell_context context = {*cells[i], setup_.made_plan.points[cells[i]->point], made.who,
                                  setup_.contestants.at(made.who.arm).at(made.who.id),
                                  made.setting};
    (in_slices(context) ? sliced : alone).push_back(context);
  }
  for (const cell_group& group : groups_of(sliced, observe::open_files_limit().most))
    run_together(group);
  for (const cell_context& each : alone)
    run_alone(each);
}

void block_run::run_alone(const cell_context& cell) {
  session::throw_if_interrupted();
  shown_.begin_step(cell.cell.id);
  keep_off_target_cpus(cell.setting.cpus);
  std::vector<json> records;
  records.push_back(run_cell(cell));
  store(std::move(records));
}

void block_run::run_together(const cell_group& group) {
  session::throw_if_interrupted();
  const cell_context& first = *group.front();
  keep_off_target_cpus(first.setting.cpus);
  std::vector<json> records =
      run_group(pump_, load_for(first.setting.cpus), group, recent_, [&](const std::string& doing) {
        shown_.begin_step(fmt::format("generation {} of {}, {}", first.cell.block + 1,
                                      setup_.made_plan.blocks, doing));
      });
  // The time of all is shared, so that their sum is what passed.
  for (json& each : records)
    each["wall_s"] = each["wall_s"].get<double>() / static_cast<double>(records.size());
  store(std::move(records));
}

load_process& block_run::load_for(const observe::cpu_partition& cpus) {
  std::unique_ptr<load_process>& load =
      loads_[fmt::format("{}{}", observe::cpus_text(cpus.client), cpus.shared ? " shared" : "")];
  if (load == nullptr || !load->usable())
    load = std::make_unique<load_process>(pump_, setup_.setting.load_program, cpus.client);
  return *load;
}

// Histograms go to files of their own, and the cells keep their paths.
void block_run::store(std::vector<json> records) {
  for (json& cell : records) {
    for (json& part : cell) {
      if (!part.is_object() || !part.contains("histograms")) continue;
      for (auto& [name, text] : part["histograms"].items()) {
        if (text.is_string())
          text = campaign_.write_histogram(cell["cell"], name, text.get<std::string>());
      }
    }
  }
  campaign_.append_cells(records);
  for (const json& cell : records) {
    note_(cell);
    shown_.totals().count(cell["status"]);
    shown_.end_step(cell["cell"], cell["status"], record::text_or(cell, "cause"), cell["wall_s"]);
  }
}

}  // namespace tailrace::campaign
