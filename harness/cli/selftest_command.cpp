// SPDX-License-Identifier: MIT
// `tailrace selftest`: the options of the self-test. See commands.hpp.
#include "harness/cli/commands.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/selftest/run_selftest.hpp"

namespace tailrace::cli {

int selftest_command(int argc, char** argv) {
  CLI::App app(
      "Measures servers of known behaviour as contestants are measured, and says in a minute\n"
      "whether the numbers of this machine can be believed, each with its bias. Known delays are\n"
      "judged by what is left of it after an echo without delay, measured at the same time.",
      "tailrace selftest");
  selftest::selftest_options options;
  options.kinds = kinds::all();
  bool bounds_only = false;
  app.add_flag("--short", options.brief, "in some ten seconds, with fewer requests");
  app.add_flag("--strict", options.strict, "what was disturbed by others counts as failed");
  app.add_flag("--bounds-only", bounds_only,
               "judge only what no noise can break: counts, and what cannot be faster");
  app.add_option("--keep", options.keep, "a folder in which the campaign stays");
  app.add_option("--targets", options.targets,
                 "folder of tailrace-target-calibration (default: servers/ beside tailrace)");
  if (const auto code = parse(app, argc, argv)) return *code;
  if (bounds_only) options.how = selftest::strictness::bounds_only;
  return selftest::run_selftest(options);
}

}  // namespace tailrace::cli
