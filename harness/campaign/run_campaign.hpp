// SPDX-License-Identifier: MIT
// `tailrace run`: plans a campaign, or takes one up again, and runs its cells one after the other.
// Refuses (refusal) what cannot begin; a cell that fails is a result. Main thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/looks.hpp"

namespace tailrace::campaign {

struct run_options {
  kind_list kinds;  // those that profiles may have points of
  std::string profile = "quick";
  std::vector<std::string> runtimes;  // empty: all of the profile's
  bool peers = false;                 // all peers that were built, beside the profile's
  std::string name;                   // empty: <profile>-<date>-<time>
  std::string results = "results";
  std::string resume;  // name or folder of a campaign, or empty
  std::optional<std::uint64_t> seed;
  std::optional<int> blocks;  // with `resume`: one of its looks, to go on to
  look_plan looks;            // what is in it instead of what the profile says
  // NAME=FOLDER, at least two: every cell is run with the executables of each folder.
  std::vector<std::string> arms;
  std::string targets;      // one more folder with executables
  std::string files;        // where files to read are kept; empty: .files in `results`
  std::string target_cpus;  // empty: chosen by topology
  std::string client_cpus;
  std::string keep_awake;  // on, off or auto; empty: auto, or as the resumed campaign
  bool tune = false;       // tuning.hpp
  bool selftest = true;    // false: not also where the profile asks for it
  bool quiet = false;      // says nothing: a campaign that another one runs
  std::vector<std::string> load_program;  // empty: this program's `load`
  std::vector<std::string> command;       // the command line, for the manifest
  // Runs the self-test with options like these and returns what selftest.json has; null: has none.
  std::function<nlohmann::json(const run_options&)> own_test;
};

// Exit code: 0 all fine (invalid and skipped cells included), 1 a cell or the cost of
// a subject failed, 130 interrupted.
int run_campaign(const run_options& options);

}  // namespace tailrace::campaign
