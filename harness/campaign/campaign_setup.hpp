// SPDX-License-Identifier: MIT
// All that is decided before the first cell: profile, contestants, plan, CPUs, folder, manifest.
// For a new campaign from the options; for a resumed one from its folder, and refused when plan,
// CPUs or an executable are others now. Main thread only (starts children for `describe`).
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "harness/campaign/arms.hpp"
#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/contestants.hpp"
#include "harness/campaign/left_out.hpp"
#include "harness/campaign/plan.hpp"
#include "harness/campaign/run_campaign.hpp"
#include "harness/record/campaign.hpp"

namespace tailrace::campaign {

struct campaign_setup {
  profile from;
  std::vector<arm> arms;  // none: the campaign has only one build of each
  // Those of the plan, by arm ("" without arms) and id.
  std::map<std::string, std::map<std::string, contestant>> contestants;
  // Peers that were built, and that neither profile nor options have.
  std::vector<std::string> left_out;
  std::vector<left_out_point> points_left_out;
  plan made_plan;
  cell_setting setting;                            // its CPUs: those of points without their own
  std::vector<observe::cpu_partition> point_cpus;  // by index into the plan's points
  std::filesystem::path folder;
};

campaign_setup plan_new(const run_options& options);
campaign_setup plan_resumed(const run_options& options);

record::campaign create_campaign(const run_options& options, const campaign_setup& setup);

}  // namespace tailrace::campaign
