// SPDX-License-Identifier: MIT
// See run_selftest.hpp.
#include "harness/selftest/run_selftest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/profile.hpp"
#include "harness/campaign/run_campaign.hpp"
#include "harness/campaign/subject_cost.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/campaign.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"
#include "harness/record/scratch_folder.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::selftest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* server_id = "calibration";
constexpr const char* counted_form = "work";
constexpr std::size_t records_bytes_max = std::size_t{1} << 28;

// A folder for the campaign: the user's, or one that goes away with this object.
class results_folder {
 public:
  explicit results_folder(const std::string& keep) : path_(keep) {
    if (!keep.empty()) return;
    scratch_.emplace("selftest");
    path_ = scratch_->path();
  }
  const fs::path& path() const { return path_; }

 private:
  std::optional<scratch_folder> scratch_;
  fs::path path_;
};

// The servers are apart from the contestants: in servers/ beside this program.
std::string targets_of(const selftest_options& options) {
  if (!options.targets.empty()) return options.targets;
  return campaign::target_folders("").front() + "/servers";
}

campaign::contestant find_server(const selftest_options& options) {
  const auto folders = campaign::target_folders(targets_of(options));
  campaign::contestant server =
      campaign::contestant_or_missing(campaign::find_contestants(folders), server_id, folders);
  if (!server.about.available) throw refusal(server.about.cause, server.about.remedy);
  return server;
}

json count_costs(const campaign::contestant& server, const campaign::profile& from) {
  campaign::subject who;
  who.id = server_id;
  who.family = server.about.family;
  who.order = server.about.order;
  who.form = counted_form;
  for (const campaign::profile_form& form : from.own_forms)
    if (form.name == counted_form) who.options = form.options;
  return campaign::subject_cost(who, server, false);
}

std::vector<json> lines_of(const fs::path& path) {
  std::vector<json> lines;
  for (const std::string& line : record::whole_lines(record::read_whole(path, records_bytes_max)))
    lines.push_back(json::parse(line));
  return lines;
}

records records_in(const record::campaign& made) {
  return {.cells = lines_of(made.folder() / "cells.jsonl"),
          .costs = lines_of(made.folder() / "costs.jsonl"),
          .left_out = made.manifest().value("points_left_out", json())};
}

std::string name_of_now() {
  return fmt::format("selftest-{:%Y%m%d-%H%M%S}", fmt::gmtime(std::time(nullptr)));
}

std::vector<verdict> verdicts_like(campaign::run_options run) {
  find_server({});
  const results_folder results("");
  run.profile = "selftest-campaign";
  run.name = name_of_now();
  run.results = results.path().string();
  run.targets = targets_of({});
  run.command = {"tailrace", "selftest"};
  run.quiet = true;
  if (campaign::run_campaign(run) == session::exit_interrupted) throw session::interrupted{};
  const auto made = record::campaign::open(results.path() / run.name);
  return judge(records_in(made), strictness::tolerances, expectations_of(made.plan()));
}

}  // namespace

json run_for_campaign(const campaign::run_options& like) {
  fmt::print("self-test: servers of known behaviour, some 10 s\n");
  const std::int64_t begin_ns = observe::monotonic_ns();
  json made = {
      {"schema", record::schema_version},
      {"started_at", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
      {"cause", nullptr},
      {"remedy", nullptr},
      {"rows", json::array()}};
  try {
    const std::vector<verdict> verdicts = verdicts_like(like);
    for (const verdict& each : verdicts)
      made["rows"].push_back(row_json(each));
    fmt::print("{}", tell_briefly(verdicts));
  } catch (const refusal& refused) {
    made["cause"] = refused.cause();
    if (!refused.remedy().empty()) made["remedy"] = refused.remedy();
    fmt::print("self-test: not measured: {}\n", refused.sentence());
  }
  made["wall_s"] = static_cast<double>(observe::monotonic_ns() - begin_ns) / 1e9;
  return made;
}

int run_selftest(const selftest_options& options) {
  const std::string profile = options.brief ? "selftest-short" : "selftest";
  const campaign::contestant server = find_server(options);
  const results_folder results(options.keep);
  campaign::run_options run;
  run.kinds = options.kinds;
  run.profile = profile;
  run.name = name_of_now();
  run.results = results.path().string();
  run.targets = targets_of(options);
  run.command = {"tailrace", "selftest"};
  // A cell that fails is a row that fails.
  const int code = campaign::run_campaign(run);
  if (code == session::exit_interrupted) return code;
  auto measured = record::campaign::open(results.path() / run.name);
  measured.append_cost(count_costs(server, campaign::load_profile(profile, options.kinds)));
  const told made = tell(judge(records_in(measured), options.how), options.strict);
  fmt::print("\n{}", made.text);
  return made.believed ? 0 : refusal::failed;
}

}  // namespace tailrace::selftest
