// SPDX-License-Identifier: MIT
// The command line of `tailrace`. See commands.hpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "harness/campaign/run_campaign.hpp"
#include "harness/cli/commands.hpp"
#include "harness/conform/conform_main.hpp"
#include "harness/cost/cost_main.hpp"
#include "harness/load/load_main.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::cli {
namespace {

// The commands that parse their own options, called with argv[0] as their name.
std::optional<int> forwarded(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const std::string command = argv[1];
  if (command == "load") return load::load_main(argc - 1, argv + 1);
  if (command == "conform") return conform_main(argc - 1, argv + 1);
  if (command == "cost") return cost::cost_main(argc - 1, argv + 1);
  return std::nullopt;
}

constexpr std::array commands = {"run",  "list",    "doctor", "file",
                                 "load", "conform", "cost",   "version"};

bool known_command(const std::string& name) {
  return std::ranges::any_of(commands, [&](const char* each) { return name == each; });
}

void add_run_options(CLI::App& run, campaign::run_options& options) {
  run.add_option("--profile", options.profile, "name or TOML file")->capture_default_str();
  auto* runtimes =
      run.add_option("--runtimes", options.runtimes, "only these contestants: ID,ID,...");
  runtimes->delimiter(',');
  run.add_flag("--peers", options.peers, "the peers in other languages too, all that were built")
      ->excludes(runtimes);
  run.add_option("--name", options.name, "of the campaign (default: profile and time)");
  run.add_option("--results", options.results, "folder for campaigns")->capture_default_str();
  run.add_option("--resume", options.resume, "finish this campaign");
  run.add_option("--seed", options.seed, "of order and schedules (default: the profile's)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 53));
  run.add_option("--blocks", options.blocks, "repetitions (default: the profile's)")
      ->check(CLI::Range(1, 1000));
  auto* targets = run.add_option("--targets", options.targets,
                                 "one more folder with tailrace-target-* executables");
  run.add_option("--arm", options.arms,
                 "NAME=FOLDER, twice or more: every cell with the executables of each folder")
      ->allow_extra_args(false)
      ->excludes(targets);
  run.add_option("--files", options.files,
                 "folder, on a disk, for the file that file-read reads; kept (default: .files in "
                 "the results folder)");
  run.add_option("--target-cpus", options.target_cpus, "CPUs of the target, such as 0,2-3");
  run.add_option("--client-cpus", options.client_cpus, "CPUs of the load generator");
  run.add_option("--load-program", options.load_program,
                 "another load generator with the options and output of `tailrace load`")
      ->expected(1, 8);
}

void add_file_options(CLI::App& file, file_options& options) {
  file.add_option("--folder", options.folder, "where it is kept")->capture_default_str();
  file.add_option("--mib", options.mib, "its size")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1U << 20));
  file.add_option("--stamp-seed", options.stamp_seed, "of its stamps")->capture_default_str();
  file.add_option("--cache", options.cache, "warm: bring it into the page cache; cold: drop it")
      ->check(CLI::IsMember({"warm", "cold"}));
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Benchmarks async runtimes against OS threads on identical workloads.", "tailrace");
  app.require_subcommand(1);
  campaign::run_options options;
  options.command.assign(argv, argv + argc);
  CLI::App* run = app.add_subcommand("run", "measure, into results/<campaign>/");
  add_run_options(*run, options);
  std::string targets;
  CLI::App* list = app.add_subcommand("list", "contestants, profiles and workloads");
  CLI::App* doctor = app.add_subcommand("doctor", "what here would spoil a measurement");
  for (CLI::App* command : {list, doctor}) {
    command->add_option("--targets", targets, "one more folder with tailrace-target-* executables");
  }
  file_options file;
  CLI::App* of_file = app.add_subcommand("file", "make the file that file-read reads");
  add_file_options(*of_file, file);
  app.add_subcommand("load", "the load generator alone (tailrace load --help)");
  app.add_subcommand("conform", "check an executable against the target protocol");
  app.add_subcommand("cost", "exact costs of one operation of a target (tailrace cost --help)");
  if (argc > 1 && argv[1][0] != '-' && !known_command(argv[1])) {
    fmt::print(stderr, "tailrace: unknown command \"{}\"; the commands are {}\n", argv[1],
               fmt::join(commands, ", "));
    return refusal::bad_usage;
  }
  CLI::App* version = app.add_subcommand("version", "print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "tailrace: {}; see tailrace --help\n", error.what());
    return refusal::bad_usage;
  }
  if (version->parsed()) {
    fmt::print("tailrace {}\n", TAILRACE_VERSION);
    return 0;
  }
  if (list->parsed()) return list_command(stdout, targets);
  if (doctor->parsed()) return doctor_command(stdout, targets);
  if (of_file->parsed()) return file_command(stdout, file);
  if (run->parsed()) return campaign::run_campaign(options);
  fmt::print(stderr, "tailrace: this build has no such command; build the whole tree\n");
  return refusal::bad_usage;
}

}  // namespace

int tailrace_main(int argc, char** argv) {
  if (const auto code = forwarded(argc, argv)) return *code;
  try {
    return parse_and_run(argc, argv);
  } catch (const refusal& refused) {
    fmt::print(stderr, "tailrace: {}\n", refused.what());
    return refused.exit_code();
  } catch (const session::interrupted&) {
    fmt::print(stderr, "tailrace: session::interrupted\n");
    return campaign::exit_interrupted;
  }
}

}  // namespace tailrace::cli
