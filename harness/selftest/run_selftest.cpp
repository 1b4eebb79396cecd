// SPDX-License-Identifier: MIT
// See run_selftest.hpp.
#include "harness/selftest/run_selftest.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/profile.hpp"
#include "harness/campaign/run_campaign.hpp"
#include "harness/campaign/subject_cost.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::selftest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* server_id = "calibration";
constexpr const char* counted_form = "work";
constexpr const char* campaign_name = "selftest";
constexpr std::size_t records_bytes_max = std::size_t{1} << 28;

// A folder for the campaign: the user's, or one that goes away with this object.
class results_folder {
 public:
  explicit results_folder(const std::string& keep) : path_(keep), kept_(!keep.empty()) {
    if (kept_) return;
    std::string name = (fs::temp_directory_path() / "tailrace-selftest-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw refusal(fmt::format("{}: {}", name, std::strerror(errno)), "give a folder with --keep");
    path_ = name;
  }
  ~results_folder() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
  }
  results_folder(const results_folder&) = delete;
  results_folder& operator=(const results_folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool kept_;
};

// The servers are apart from the contestants: in servers/ beside this program.
std::string targets_of(const selftest_options& options) {
  if (!options.targets.empty()) return options.targets;
  return campaign::target_folders("").front() + "/servers";
}

json count_costs(const selftest_options& options, const campaign::profile& from) {
  const auto folders = campaign::target_folders(targets_of(options));
  const campaign::contestant server =
      campaign::contestant_or_missing(campaign::find_contestants(folders), server_id, folders);
  campaign::subject who;
  who.id = server_id;
  who.family = server.about.family;
  who.order = server.about.order;
  who.form = counted_form;
  for (const campaign::profile_form& form : from.own_forms)
    if (form.name == counted_form) who.options = form.options;
  return campaign::subject_cost(who, server, false);
}

records read_records(const fs::path& folder) {
  records read;
  const std::string text = record::read_whole(folder / "cells.jsonl", records_bytes_max);
  for (const std::string& line : record::whole_lines(text))
    read.cells.push_back(json::parse(line));
  return read;
}

}  // namespace

int run_selftest(const selftest_options& options) {
  const std::string profile = options.brief ? "selftest-short" : "selftest";
  const results_folder results(options.keep);
  campaign::run_options run;
  run.kinds = options.kinds;
  run.profile = profile;
  run.name = campaign_name;
  run.results = results.path().string();
  run.targets = targets_of(options);
  run.command = {"tailrace", "selftest"};
  // A cell that fails is a row that fails.
  const int code = campaign::run_campaign(run);
  if (code == session::exit_interrupted) return code;
  records read = read_records(results.path() / campaign_name);
  read.costs.push_back(count_costs(options, campaign::load_profile(profile, options.kinds)));
  const told made = tell(judge(read, options.how), options.strict);
  fmt::print("\n{}", made.text);
  return made.believed ? 0 : refusal::failed;
}

}  // namespace tailrace::selftest
