// SPDX-License-Identifier: MIT
// See campaign_setup.hpp.
#include "harness/campaign/campaign_setup.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "harness/campaign/built_tree.hpp"
#include "harness/campaign/cpu_choice.hpp"
#include "harness/campaign/own_test.hpp"
#include "harness/campaign/tuning.hpp"
#include "harness/observe/fingerprint.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void choose_runtimes(profile& from, const std::vector<std::string>& asked,
                     const std::map<std::string, contestant>& found) {
  if (asked.empty()) return;
  for (const std::string& id : asked) {
    const bool known = found.contains(id) || std::ranges::count(from.contestants, id) > 0;
    if (known) continue;
    std::vector<std::string> names = from.contestants;
    for (const auto& each : found) {
      if (std::ranges::count(names, each.first) == 0) names.push_back(each.first);
    }
    throw usage_refusal(
        fmt::format("unknown runtime \"{}\"; those known here are {}", id, fmt::join(names, ", ")));
  }
  from.contestants = asked;
}

void add_peers(profile& from, const std::vector<std::string>& peers) {
  for (const std::string& id : peers)
    if (std::ranges::count(from.contestants, id) == 0) from.contestants.push_back(id);
}

// Where the executables of an arm are, or of a campaign without arms.
struct program_source {
  std::string arm;
  std::vector<std::string> folders;
  std::map<std::string, contestant> found;
};

void choose_contestants(profile& from, const run_options& options,
                        const std::vector<program_source>& sources) {
  std::map<std::string, contestant> all;
  for (const program_source& source : sources)
    all.insert(source.found.begin(), source.found.end());
  choose_runtimes(from, options.runtimes, all);
  if (!options.peers) return;
  for (const program_source& source : sources)
    add_peers(from, peers_in(source.folders, source.found));
}

// The looks of the options instead of the profile's, and so many generations as the first.
void choose_looks(profile& from, const run_options& options) {
  if (!options.looks.at.empty()) from.looks.at = options.looks.at;
  if (options.looks.at_most_minutes != 0)
    from.looks.at_most_minutes = options.looks.at_most_minutes;
  if (const std::string fault = fault_of(from.looks); !fault.empty())
    throw usage_refusal(fmt::format("{} (--looks, --at-most-minutes)", fault));
  if (from.looks.at.empty()) return;
  if (options.blocks) {
    throw usage_refusal(
        "--blocks says when a campaign ends, and this one has looks: leave --blocks out, or take a "
        "profile without looks");
  }
  from.blocks = from.looks.at.front();
}

campaign_setup plan_from(profile from, const run_options& options, std::uint64_t seed, int blocks) {
  campaign_setup setup;
  setup.arms = parse_arms(options.arms);
  std::vector<program_source> sources;
  for (const arm& each : setup.arms)
    sources.push_back({each.name, {each.folder}, find_contestants({each.folder})});
  if (sources.empty()) {
    const auto folders = target_folders(options.targets);
    sources.push_back({"", folders, find_contestants(folders)});
  }
  choose_contestants(from, options, sources);
  // Who names runtimes expects no others.
  if (options.resume.empty() && options.runtimes.empty() && setup.arms.empty())
    setup.left_out = peers_beside(from.contestants, sources.front().found);
  setup.setting.cpus = choose_cpus(options, from.workers);
  for (const point& at : from.points)
    setup.point_cpus.push_back(cpus_of_point(options, at, from.workers, setup.setting.cpus));
  if (options.tune) setup.setting.tuned = std::make_shared<const tuning>();
  setup.points_left_out = leave_out_points(from, setup.point_cpus, options.tune);
  std::vector<subject> subjects;
  for (const program_source& source : sources) {
    auto& contestants = setup.contestants[source.arm];
    for (const std::string& id : from.contestants)
      contestants.emplace(id, contestant_or_missing(source.found, id, source.folders));
    // Builds that are compared have it in common, so it would say nothing of either.
    if (from.null_server && source.arm.empty())
      contestants.emplace(null_id, null_server(source.folders));
    for (subject& who : subjects_of(from, contestants)) {
      who.arm = source.arm;
      subjects.push_back(std::move(who));
    }
  }
  setup.made_plan = make_plan(from, subjects, seed, blocks);
  // An absolute path: it becomes an option of targets.
  setup.setting.files_folder = fs::absolute(
      options.files.empty() ? fs::path(options.results) / ".files" : fs::path(options.files));
  setup.setting.keep_awake = options.keep_awake.empty() ? "auto" : options.keep_awake;
  setup.setting.load_program = options.load_program;
  if (setup.setting.load_program.empty()) setup.setting.load_program = {"/proc/self/exe", "load"};
  setup.from = std::move(from);
  return setup;
}

json or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

json contestants_json(const campaign_setup& setup) {
  json list = json::array();
  for (const auto& [arm_name, contestants] : setup.contestants) {
    for (const contestant& who : in_order(contestants)) {
      json entry = {{"id", who.id},
                    {"available", who.about.available},
                    {"cause", or_null(who.about.cause)},
                    {"remedy", or_null(who.about.remedy)},
                    {"path", or_null(who.path)},
                    {"digest", or_null(who.digest)},
                    {"describe", nullptr}};
      if (!arm_name.empty()) entry["arm"] = arm_name;
      if (!who.about.text.empty()) entry["describe"] = json::parse(who.about.text, nullptr, false);
      list.push_back(std::move(entry));
    }
  }
  return list;
}

// What all cells of a campaign have alike, as keys of the manifest.
json setting_json(const cell_setting& setting) {
  return {{"load_program", setting.load_program},
          {"files_folder", setting.files_folder},
          {"keep_awake", setting.keep_awake},
          {"tune", setting.tuned ? setting.tuned->json() : json(nullptr)},
          {"cpus",
           {{"target", observe::cpus_text(setting.cpus.target)},
            {"client", observe::cpus_text(setting.cpus.client)},
            {"disjoint", setting.cpus.disjoint},
            {"note", setting.cpus.note}}}};
}

json manifest_json(const run_options& options, const campaign_setup& setup) {
  const plan& made = setup.made_plan;
  json manifest = {
      {"schema", record::schema_version},
      {"tool", {{"name", "tailrace"}, {"version", TAILRACE_VERSION}}},
      {"build",
       {{"compiler", TAILRACE_COMPILER},
        {"flags", TAILRACE_FLAGS},
        {"digest", program_digest("/proc/self/exe")}}},
      {"seed", made.seed},
      {"command", options.command},
      {"profile",
       {{"name", made.profile},
        {"title", setup.from.title},
        {"path", setup.from.path},
        {"blocks", made.blocks}}},
      {"started_at", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
      {"machine", observe::machine_fingerprint()},
      {"contestants", contestants_json(setup)}};
  for (const std::string& own : target_folders(""))
    manifest["build"].update(built_tree(own));
  manifest.update(setting_json(setup.setting));
  manifest["left_out"] = setup.left_out;
  manifest["points_left_out"] = left_out_json(setup.points_left_out);
  manifest["selftest"] = has_own_test(setup, options.selftest);
  if (!setup.arms.empty()) manifest["arms"] = arms_json(setup.arms);
  return manifest;
}

void refuse_other_plan(const json& stored, const json& now, const std::string& name) {
  if (stored == now) return;
  for (const char* key : {"profile", "seed", "blocks", "points", "subjects", "cells"}) {
    if (stored.value(key, json()) == now.value(key, json())) continue;
    throw usage_refusal(
        fmt::format("cannot resume {}: its plan differs from today's in \"{}\" (another profile, "
                    "option or set of contestants); start a new campaign",
                    name, key));
  }
}

void refuse_other_points(const json& manifest, const campaign_setup& setup,
                         const std::string& name) {
  const json now = left_out_json(setup.points_left_out);
  if (manifest.value("points_left_out", now) == now) return;
  throw usage_refusal(
      fmt::format("cannot resume {}: it was begun with other rights or CPUs, and so with other "
                  "points in SCHED_FIFO; resume it as it was begun, or start a new campaign",
                  name));
}

void refuse_other_setting(const json& manifest, const cell_setting& setting,
                          const std::string& name) {
  const json today = setting_json(setting);
  for (const auto& [key, now] : today.items()) {
    const json then = manifest.value(key, now);
    if (then == now) continue;
    throw usage_refusal(
        fmt::format("cannot resume {}: its \"{}\" was {} and is {} now; give the options that it "
                    "was begun with, or start a new campaign",
                    name, key, then.dump(), now.dump()));
  }
}

void refuse_other_programs(const json& manifest, const campaign_setup& setup,
                           const std::string& name) {
  const auto refuse = [&](const std::string& what) {
    throw usage_refusal(fmt::format("cannot resume {}: {}; start a new campaign", name, what));
  };
  if (manifest.at("build").value("digest", "") != program_digest("/proc/self/exe"))
    refuse("tailrace itself was built again since");
  for (const json& entry : manifest.at("contestants")) {
    const auto of_arm = setup.contestants.find(entry.value("arm", ""));
    if (of_arm == setup.contestants.end()) continue;
    const auto found = of_arm->second.find(entry.at("id"));
    if (found == of_arm->second.end()) continue;
    const contestant& who = found->second;
    if (record::text_or(entry, "digest") != who.digest)
      refuse(fmt::format("the executable of {} was built again since", who.id));
    if (entry.at("available") != who.about.available)
      refuse(fmt::format("{} was {}available then", who.id, who.about.available ? "not " : ""));
  }
}

fs::path resumed_folder(const run_options& options) {
  const fs::path direct = options.resume;
  std::error_code error;
  if (options.resume.find('/') != std::string::npos) return direct;
  const fs::path inside = fs::path(options.results) / options.resume;
  if (!fs::is_directory(inside, error)) {
    throw usage_refusal(
        fmt::format("there is no campaign {} in {}", options.resume, options.results));
  }
  return inside;
}

}  // namespace

campaign_setup plan_new(const run_options& options) {
  profile from = load_profile(options.profile, options.kinds);
  choose_looks(from, options);
  const std::uint64_t seed = options.seed.value_or(from.seed);
  const int blocks = options.blocks.value_or(from.blocks);
  campaign_setup setup = plan_from(std::move(from), options, seed, blocks);
  std::string name = options.name;
  if (name.empty()) {
    name = fmt::format("{}-{:%Y%m%d-%H%M%S}", setup.made_plan.profile,
                       fmt::gmtime(std::time(nullptr)));
  }
  if (!record::is_campaign_name(name)) {
    throw usage_refusal("--name must be letters, digits, '.', '_' and '-', and not \"latest\"");
  }
  setup.folder = fs::path(options.results) / name;
  return setup;
}

namespace {

std::vector<std::string> ids_of(const json& plan) {
  std::vector<std::string> ids;
  for (const json& entry : plan.at("subjects")) {
    const std::string id = entry.at("id");
    if (entry.at("form") == control_form) continue;
    if (std::ranges::count(ids, id) == 0) ids.push_back(id);
  }
  return ids;
}

// To how many generations the campaign goes: `now`, or those of one of its looks after that.
int generations_to(const run_options& options, const look_plan& looks, int now,
                   const std::string& name) {
  if (!options.looks.at.empty() || options.looks.at_most_minutes != 0) {
    throw usage_refusal(fmt::format(
        "cannot resume {} with other looks: they are fixed when a campaign begins", name));
  }
  const int asked = options.blocks.value_or(now);
  if (asked == now) return now;
  if (looks.at.empty()) {
    throw usage_refusal(
        fmt::format("cannot resume {} with --blocks {}: it ends after {}, since it was begun "
                    "without looks; begin one with --looks",
                    name, asked, now));
  }
  if (asked < now || std::ranges::count(looks.at, asked) == 0) {
    throw usage_refusal(
        fmt::format("cannot resume {} with --blocks {}: it has {} blocks and its looks are {}",
                    name, asked, now, fmt::join(looks.at, ", ")));
  }
  return asked;
}

campaign_setup plan_again(const run_options& options, const fs::path& folder, const json& manifest,
                          const json& old_plan) {
  run_options as_then = options;
  as_then.peers = false;  // those that were there are in the plan
  if (as_then.arms.empty()) as_then.arms = arm_options(manifest);
  if (as_then.files.empty()) as_then.files = record::text_or(manifest, "files_folder");
  if (as_then.keep_awake.empty()) as_then.keep_awake = record::text_or(manifest, "keep_awake");
  if (as_then.load_program.empty()) as_then.load_program = manifest.at("load_program");
  const std::uint64_t seed = options.seed.value_or(old_plan.at("seed").get<std::uint64_t>());
  const int blocks = old_plan.at("blocks").get<int>();
  const std::string profile_path = manifest.at("profile").at("path");
  profile from = load_profile(profile_path, options.kinds);
  from.contestants = ids_of(old_plan);
  from.looks = looks_of_plan(old_plan);
  const int to = generations_to(options, from.looks, blocks, folder.string());
  campaign_setup setup = plan_from(std::move(from), as_then, seed, blocks);
  setup.folder = folder;
  refuse_other_points(manifest, setup, folder.string());
  refuse_other_plan(old_plan, plan_json(setup.made_plan), folder.string());
  refuse_other_setting(manifest, setup.setting, folder.string());
  refuse_other_programs(manifest, setup, folder.string());
  if (to != blocks) setup.made_plan = make_plan(setup.from, setup.made_plan.subjects, seed, to);
  return setup;
}

}  // namespace

campaign_setup plan_resumed(const run_options& options) {
  const fs::path folder = resumed_folder(options);
  const record::campaign stored = record::campaign::open(folder);
  try {
    return plan_again(options, folder, stored.manifest(), stored.plan());
  } catch (const json::exception&) {
    throw refusal(fmt::format("cannot resume {}: its plan.json or manifest.json is not whole",
                              folder.string()));
  }
}

record::campaign create_campaign(const run_options& options, const campaign_setup& setup) {
  return record::campaign::create(options.results, setup.folder.filename().string(),
                                  manifest_json(options, setup), plan_json(setup.made_plan));
}

}  // namespace tailrace::campaign
