// SPDX-License-Identifier: MIT
// `tailrace list`: contestants, profiles and workloads. See commands.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/control/commands.hpp"
#include "harness/control/contestants.hpp"
#include "harness/control/plan.hpp"
#include "harness/control/progress.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::control {
namespace {

void list_profiles(std::FILE* out, const std::map<std::string, contestant>& found,
                   const std::vector<std::string>& folders, std::set<std::string>& named) {
  fmt::print(out, "\nPROFILES (tailrace run --profile NAME)\n");
  for (const std::string& name : profile_names()) {
    try {
      const profile from = load_profile(name);
      std::map<std::string, contestant> mine;
      for (const std::string& id : from.contestants) {
        named.insert(id);
        mine.emplace(id, contestant_or_missing(found, id, folders));
      }
      const plan made = make_plan(from, entrants_of(from, mine), from.seed, from.blocks);
      double seconds = 0;
      for (const planned_cell& cell : made.cells) {
        const bool runs = mine.at(made.entrants[cell.entrant].id).available;
        if (runs) seconds += expected_cell_s(made.points[cell.point]);
      }
      fmt::print(out, "  {:<16} {} cells, about {}: {}\n", name, made.cells.size(),
                 duration_text(seconds), from.title);
    } catch (const refusal& broken) {
      fmt::print(out, "  {:<16} unusable: {}\n", name, broken.what());
    }
  }
}

}  // namespace

int list_command(std::FILE* out, const std::string& targets) {
  const auto folders = target_folders(targets);
  auto found = find_contestants(folders);
  std::set<std::string> workloads;
  fmt::print(out, "CONTESTANTS (--runtimes ID,ID,...)\n");
  for (const auto& [id, who] : found) {
    fmt::print(out, "  {:<16} {:<9} {:<10} {}\n", id, who.family, who.backend,
               who.available ? "available: " + who.summary : "not available: " + who.cause);
    if (!who.available && !who.remedy.empty()) fmt::print(out, "  {:<37}{}\n", "", who.remedy);
    workloads.insert(who.workloads.begin(), who.workloads.end());
  }
  if (found.empty()) fmt::print(out, "  none: no tailrace-target-* in {}\n", folders.front());
  std::set<std::string> named;
  list_profiles(out, found, folders, named);
  fmt::print(out, "\nWORKLOADS\n");
  for (const std::string& workload : workloads)
    fmt::print(out, "  {}\n", workload);
  for (const std::string& id : named) {
    if (found.contains(id)) continue;
    const contestant missing = contestant_or_missing(found, id, folders);
    fmt::print(out, "\n{} is in a profile but not built, skipped: {}\n  {}\n", id, missing.cause,
               missing.remedy);
  }
  return 0;
}

}  // namespace tailrace::control
