// SPDX-License-Identifier: MIT
// `tailrace list`: contestants, profiles and workloads. See commands.hpp.
#include <fmt/format.h>

#include <set>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/plan.hpp"
#include "harness/campaign/progress.hpp"
#include "harness/cli/commands.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cli {
namespace {

using campaign::contestant;

// Adds the contestants that a profile names and nobody built.
void list_profiles(const std::map<std::string, contestant>& found,
                   const std::vector<std::string>& folders,
                   std::map<std::string, contestant>& missing) {
  fmt::print("\nPROFILES (tailrace run --profile NAME)\n");
  for (const std::string& name : campaign::profile_names()) {
    try {
      const campaign::profile from = campaign::load_profile(name, kinds::all());
      std::map<std::string, contestant> mine;
      for (const std::string& id : from.contestants) {
        mine.emplace(id, campaign::contestant_or_missing(found, id, folders));
        if (!found.contains(id)) missing.insert(*mine.find(id));
      }
      if (from.null_server) mine.emplace(campaign::null_id, campaign::null_server(folders));
      const campaign::plan made =
          campaign::make_plan(from, campaign::subjects_of(from, mine), from.seed, from.blocks);
      double seconds = 0;
      for (const campaign::planned_cell& cell : made.cells) {
        const bool runs = mine.at(made.subjects[cell.subject].id).about.available;
        if (runs) seconds += made.points[cell.point].work->expected_s();
      }
      const std::string more =
          from.looks.at.empty()
              ? ""
              : fmt::format(" to its first look, at most {} min", from.looks.at_most_minutes);
      fmt::print("  {:<16} {} cells, about {}{}: {}\n", name, made.cells.size(),
                 campaign::duration_text(seconds), more, from.title);
    } catch (const refusal& broken) {
      fmt::print("  {:<16} unusable: {}\n", name, broken.what());
    }
  }
}

}  // namespace

int list_command(int argc, char** argv) {
  CLI::App app("Lists contestants, profiles and workloads.", "tailrace list");
  std::string targets;
  add_targets_option(app, targets);
  if (const auto code = parse(app, argc, argv)) return *code;

  const auto folders = campaign::target_folders(targets);
  const auto found = campaign::find_contestants(folders);
  std::set<std::string> workloads;
  fmt::print("CONTESTANTS (--runtimes ID,ID,...)\n");
  for (const contestant& who : campaign::in_order(found)) {
    const session::description& about = who.about;
    fmt::print("  {:<16} {:<9} {:<10} {}\n", who.id, about.family, about.backend,
               about.available ? "available: " + about.summary : "not available: " + about.cause);
    if (!about.available && !about.remedy.empty()) fmt::print("  {:<37}{}\n", "", about.remedy);
    workloads.insert(about.workloads.begin(), about.workloads.end());
  }
  if (found.empty()) fmt::print("  none: no tailrace-target-* in {}\n", folders.front());
  std::map<std::string, contestant> missing;
  list_profiles(found, folders, missing);
  fmt::print("\nWORKLOADS\n");
  for (const std::string& workload : workloads)
    fmt::print("  {}\n", workload);
  for (const auto& [id, who] : missing) {
    if (!who.competes()) continue;
    fmt::print("\n{} is in a profile but not built, skipped: {}\n  {}\n", id, who.about.cause,
               who.about.remedy);
  }
  return 0;
}

}  // namespace tailrace::cli
