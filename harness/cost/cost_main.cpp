// SPDX-License-Identifier: MIT
// See cost_main.hpp.
#include "harness/cost/cost_main.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cost/one_cpu.hpp"
#include "harness/cost/passes.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/child_process.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::cost {
namespace {

const std::vector<std::string> groups = {"syscalls", "allocations",  "memory", "switches",
                                         "cpu",      "instructions", "size"};

void add_options(CLI::App& app, cost_options& options, std::vector<std::string>& settings,
                 std::vector<std::string>& only) {
  app.add_option("target", options.target, "a tailrace-target-* executable")->required();
  app.add_option("--set", settings, "an option of the target: NAME=VALUE")->allow_extra_args(false);
  app.add_option("--workload", options.workload, "what is asked of it")
      ->capture_default_str()
      ->check(CLI::IsMember({"echo"}));
  app.add_option("--workers", options.workers)->capture_default_str()->check(CLI::Range(1, 1024));
  app.add_option("--connections", options.connections, "each with one message outstanding")
      ->capture_default_str()
      ->check(CLI::Range(1U, 10'000U));
  app.add_option("--message-bytes", options.message_bytes)
      ->capture_default_str()
      ->check(CLI::Range(1U, 65536U));
  app.add_option("--repeats", options.repeats, "of every pass, each with fresh processes")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--only", only, "only these metrics: GROUP,GROUP,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(groups));
  app.add_option("--step-limit-s", options.step_limit_s, "how long any one step may take")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
  app.add_option("--json", options.json, "a file for the result, or - for standard output");
}

void find_target(cost_options& options) {
  // A path: programs are not looked for.
  if (options.target.find('/') == std::string::npos) options.target = "./" + options.target;
  if (::access(options.target.c_str(), X_OK) != 0 ||
      std::filesystem::is_directory(options.target)) {
    throw usage_refusal("there is no executable " + options.target);
  }
}

void print(const cost_sheet& sheet, const std::string& target_id, const cost_options& options) {
  if (options.json.empty()) {
    fmt::print("{}", sheet.table_of(target_id, options));
    return;
  }
  const std::string text = sheet.json_of(target_id, options)
                               .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                           "\n";
  if (options.json == "-") {
    fmt::print("{}", text);
  } else {
    record::write_whole(options.json, text);
  }
}

measured_target examine(const cost_options& options) {
  try {
    return examine_target(options, session::describe_target(options.target));
  } catch (const refusal& why) {
    throw refusal(fmt::format("{}: {}", options.target, why.sentence()),
                  why.exit_code() == refusal::unsupported ? why.exit_code() : refusal::bad_usage);
  }
}

int run(const cost_options& options) {
  session::catch_interrupts();
  session::adopt_orphans();
  const one_cpu alone;
  const measured_target target = examine(options);
  print(run_passes(target), target.described.id, options);
  return 0;
}

}  // namespace

int cost_main(int argc, char** argv) {
  CLI::App app("Counts what one operation of a target costs.", "tailrace cost");
  cost_options options;
  std::vector<std::string> settings;
  std::vector<std::string> only;
  add_options(app, options, settings, only);
  try {
    app.parse(argc, argv);
    options.only.insert(only.begin(), only.end());
    options.settings = session::read_settings(settings);
    find_target(options);
    return run(options);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "tailrace cost: {}; see tailrace cost --help\n", error.what());
    return refusal::bad_usage;
  } catch (const refusal& refused) {
    fmt::print(stderr, "tailrace cost: {}\n", refused.sentence());
    return refused.exit_code();
  } catch (const session::interrupted&) {
    fmt::print(stderr, "tailrace cost: interrupted\n");
    return session::exit_interrupted;
  }
}

}  // namespace tailrace::cost
