// SPDX-License-Identifier: MIT
// `tailrace run`: the options of a campaign. See commands.hpp.
#include "harness/campaign/run_campaign.hpp"

#include "harness/cli/commands.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/selftest/run_selftest.hpp"

namespace tailrace::cli {
namespace {

void add_options(CLI::App& app, campaign::run_options& options) {
  app.add_option("--profile", options.profile, "name or TOML file")->capture_default_str();
  auto* runtimes =
      app.add_option("--runtimes", options.runtimes, "only these contestants: ID,ID,...");
  runtimes->delimiter(',');
  app.add_flag("--peers", options.peers, "the peers in other languages too, all that were built")
      ->excludes(runtimes);
  app.add_option("--name", options.name, "of the campaign (default: profile and time)");
  app.add_option("--results", options.results, "folder for campaigns")->capture_default_str();
  app.add_option("--resume", options.resume, "finish this campaign");
  app.add_option("--seed", options.seed, "of order and schedules (default: the profile's)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 53));
  app.add_option("--blocks", options.blocks,
                 "generations (default: the profile's); with --resume: the look to go on to")
      ->check(CLI::Range(1, 1000));
  app.add_option("--looks", options.looks.at,
                 "until decided: look after so many generations, such as 8,16,32, and end at the "
                 "last; `scripts/bench` asks and goes on")
      ->delimiter(',');
  app.add_option("--at-most-minutes", options.looks.at_most_minutes,
                 "no further look that would take longer in all")
      ->check(CLI::Range(1, campaign::look_minutes_max));
  auto* targets = add_targets_option(app, options.targets);
  app.add_option("--arm", options.arms,
                 "NAME=FOLDER, twice or more: every cell with the executables of each folder")
      ->allow_extra_args(false)
      ->excludes(targets);
  app.add_option("--files", options.files,
                 "folder, on a disk, for the file that file-read reads; kept (default: .files in "
                 "the results folder)");
  app.add_option("--target-cpus", options.target_cpus, "CPUs of the target, such as 0,2-3");
  app.add_option("--client-cpus", options.client_cpus, "CPUs of the load generator");
  app.add_option("--keep-awake", options.keep_awake,
                 "keep the CPUs from going idle while slices run: on, off, or auto (default), as "
                 "each point has it")
      ->check(CLI::IsMember({"on", "off", "auto"}));
  app.add_flag(
      "--tune", options.tune,
      "targets and client in SCHED_FIFO, and no deep idle states; needs rights (see doctor)");
  app.add_flag("!--no-selftest", options.selftest,
               "without the servers of known delay that some profiles begin with (10 s)");
  app.add_option("--load-program", options.load_program,
                 "another load generator with the options and output of `tailrace load`")
      ->expected(1, 8);
}

}  // namespace

int run_command(int argc, char** argv) {
  CLI::App app("Measures, into results/<campaign>/.", "tailrace run");
  campaign::run_options options;
  options.kinds = kinds::all();
  options.own_test = selftest::run_for_campaign;
  options.command = {"tailrace"};
  options.command.insert(options.command.end(), argv, argv + argc);
  add_options(app, options);
  if (const auto code = parse(app, argc, argv)) return *code;
  return campaign::run_campaign(options);
}

}  // namespace tailrace::cli
