// SPDX-License-Identifier: MIT
// `tailrace list`: contestants, profiles and workloads. See commands.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/plan.hpp"
#include "harness/campaign/progress.hpp"
#include "harness/cli/commands.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cli {
namespace {

void list_profiles(std::FILE* out, const std::map<std::string, campaign::contestant>& found,
                   const std::vector<std::string>& folders, std::set<std::string>& named) {
  fmt::print(out, "\nPROFILES (tailrace run --profile NAME)\n");
  for (const std::string& name : campaign::profile_names()) {
    try {
      const campaign::profile from = campaign::load_profile(name);
      std::map<std::string, campaign::contestant> mine;
      for (const std::string& id : from.contestants) {
        named.insert(id);
        mine.emplace(id, campaign::contestant_or_missing(found, id, folders));
      }
      const campaign::plan made =
          campaign::make_plan(from, campaign::subjects_of(from, mine), from.seed, from.blocks);
      double seconds = 0;
      for (const campaign::planned_cell& cell : made.cells) {
        const bool runs = mine.at(made.subjects[cell.subject].id).available;
        if (runs) seconds += campaign::expected_cell_s(made.points[cell.point]);
      }
      fmt::print(out, "  {:<16} {} cells, about {}: {}\n", name, made.cells.size(),
                 campaign::duration_text(seconds), from.title);
    } catch (const refusal& broken) {
      fmt::print(out, "  {:<16} unusable: {}\n", name, broken.what());
    }
  }
}

}  // namespace

int list_command(std::FILE* out, const std::string& targets) {
  const auto folders = campaign::target_folders(targets);
  auto found = campaign::find_contestants(folders);
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
    const campaign::contestant missing = campaign::contestant_or_missing(found, id, folders);
    fmt::print(out, "\n{} is in a profile but not built, skipped: {}\n  {}\n", id, missing.cause,
               missing.remedy);
  }
  return 0;
}

}  // namespace tailrace::cli
