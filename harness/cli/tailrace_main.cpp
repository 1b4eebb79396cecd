// SPDX-License-Identifier: MIT
// The one command: which words it has and whom they call.
#include <fmt/format.h>

#include <cstring>
#include <string>

#include "harness/campaign/run_campaign.hpp"
#include "harness/cli/commands.hpp"
#include "harness/conform/conform_main.hpp"
#include "harness/cost/cost_main.hpp"
#include "harness/load/load_main.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::cli {

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    throw usage_refusal(fmt::format("{}; see {} --help", error.what(), app.get_name()));
  }
  return std::nullopt;
}

CLI::Option* add_targets_option(CLI::App& app, std::string& folder) {
  return app.add_option("--targets", folder, "one more folder with tailrace-target-* executables");
}

namespace {

int version_command(int, char**) {
  fmt::print("tailrace {}\n", TAILRACE_VERSION);
  return 0;
}

struct command {
  const char* name;
  const char* what;
  int (*run)(int argc, char** argv);
};

constexpr command commands[] = {
    {"run", "measure, into results/<campaign>/", run_command},
    {"list", "contestants, profiles and workloads", list_command},
    {"doctor", "what here would spoil a measurement", doctor_command},
    {"selftest", "can numbers measured here be believed: servers of known behaviour",
     selftest_command},
    {"file", "make the file that the workload file-read reads", file_command},
    {"load", "the load generator alone", load::load_main},
    {"conform", "check an executable against the target protocol", conform_main},
    {"cost", "count what one operation of a target costs", cost::cost_main},
    {"version", "print the version", version_command}};

std::string names() {
  std::string text;
  for (const command& each : commands)
    text += (text.empty() ? "" : ", ") + std::string(each.name);
  return text;
}

int print_help() {
  fmt::print(
      "Benchmarks async runtimes against OS threads on identical workloads.\n"
      "Usage: tailrace COMMAND [OPTIONS]\n\n");
  for (const command& each : commands)
    fmt::print("  {:<8} {}\n", each.name, each.what);
  fmt::print("\ntailrace COMMAND --help lists the options of one.\n");
  return 0;
}

int run(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h") return print_help();
  for (const command& each : commands)
    if (name == each.name) return each.run(argc - 1, argv + 1);
  throw usage_refusal(
      name.empty() ? "no command is given; the commands are " + names()
                   : fmt::format("unknown command \"{}\"; the commands are {}", name, names()));
}

}  // namespace
}  // namespace tailrace::cli

int main(int argc, char** argv) {
  try {
    return tailrace::cli::run(argc, argv);
  } catch (const tailrace::refusal& refused) {
    fmt::print(stderr, "tailrace: {}\n", refused.sentence());
    return refused.exit_code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "tailrace: {}\n", error.what());
    return tailrace::refusal::failed;
  } catch (const tailrace::session::interrupted&) {
    fmt::print(stderr, "tailrace: interrupted\n");
    return tailrace::session::exit_interrupted;
  }
}
