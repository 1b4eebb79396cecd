// SPDX-License-Identifier: MIT
// See conform_main.hpp.
#include "harness/conform/conform_main.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/conform/check.hpp"
#include "harness/session/child_process.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace {
namespace {

using namespace conform;

struct outcome {
  std::string name;
  std::string status;  // ok, failed or skipped
  std::string why;
};

std::vector<check> all_checks() {
  std::vector<check> all;
  for (const auto part : {protocol_checks(), byte_checks(), connection_checks(), life_checks(),
                          hog_checks(), timer_checks(), file_checks()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

outcome run_check(const check& each, context& with) {
  if (observe::monotonic_ns() >= with.patience.end_ns)
    return {each.name, "failed", "the time of the whole run is up"};
  try {
    each.run(with);
    return {each.name, "ok", ""};
  } catch (const refusal& why) {
    if (why.exit_code() == refusal::unsupported) return {each.name, "skipped", why.cause()};
    const std::string death = std::exchange(with.death, {});
    return {each.name, "failed", why.cause() + (death.empty() ? "" : "; " + death)};
  } catch (const std::exception& error) {
    return {each.name, "failed", std::string("the check itself broke: ") + error.what()};
  }
}

void print_line(const check& each, const outcome& seen) {
  const std::string status = seen.status == "failed" ? "FAILED" : seen.status;
  const std::string more = seen.why.empty() ? each.demand : each.demand + (": " + seen.why);
  std::printf("%-8s%-30s%s\n", status.c_str(), each.name, more.c_str());
  std::fflush(stdout);
}

// What later checks rest on; where one of these fails, the others would only repeat it.
bool is_foundation(const outcome& seen) {
  return seen.name == "describes_itself" || seen.name == "gets_ready";
}

std::string cause_to_skip(const outcome& seen, const context& with) {
  if (is_foundation(seen) && seen.status == "failed") return "because '" + seen.name + "' failed";
  if (seen.name == "says_why_unavailable" && !with.described.available) {
    return "not available here: " + with.described.cause;
  }
  return {};
}

struct choice {
  std::string only;         // one check; empty: all
  bool of_options = false;  // those that options can change

  bool has(const check& each) const {
    if (is_foundation({each.name, "", ""})) return true;
    if (of_options && each.dependence == depends::on_nothing) return false;
    return only.empty() || only == each.name;
  }
};

std::vector<outcome> run_checks(context& with, const choice& chosen, bool lines) {
  std::vector<outcome> outcomes;
  std::string skip_rest;
  for (const check& each : all_checks()) {
    if (!chosen.has(each)) continue;
    const outcome seen =
        skip_rest.empty() ? run_check(each, with) : outcome{each.name, "skipped", skip_rest};
    if (lines) print_line(each, seen);
    if (skip_rest.empty()) skip_rest = cause_to_skip(seen, with);
    outcomes.push_back(seen);
  }
  return outcomes;
}

void print_json(const context& with, const std::vector<outcome>& outcomes, bool ok) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const outcome& each : outcomes) {
    checks.push_back({{"name", each.name}, {"status", each.status}, {"why", each.why}});
  }
  const nlohmann::ordered_json object = {{"schema", 1},
                                         {"target", with.target},
                                         {"id", with.described.id},
                                         {"ok", ok},
                                         {"checks", checks}};
  using error_handler = nlohmann::ordered_json::error_handler_t;
  std::puts(object.dump(2, ' ', false, error_handler::replace).c_str());
}

// Many connections need many descriptors: as many as we may have.
void raise_descriptor_limit() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

int refuse(const std::string& sentence) {
  std::fprintf(stderr, "tailrace conform: %s\n", sentence.c_str());
  return refusal::bad_usage;
}

int run(context& with, const choice& chosen, bool json) {
  session::catch_interrupts();
  session::adopt_orphans();
  raise_descriptor_limit();
  const std::vector<outcome> outcomes = run_checks(with, chosen, !json);
  const auto failed = std::ranges::count(outcomes, "failed", &outcome::status);
  if (json) print_json(with, outcomes, failed == 0);
  if (!json)
    std::printf("%s: %zu checks, %zd failed\n", with.target.c_str(), outcomes.size(), failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int conform_main(int argc, char** argv) {
  CLI::App app{"checks an executable against the target contract", "tailrace conform"};
  context with;
  int timeout_s = 180;
  bool json = false;
  std::vector<std::string> settings;
  choice chosen;
  app.add_option("TARGET", with.target, "the executable to check")->required();
  app.add_option("--timeout-s", timeout_s, "seconds for all checks together")
      ->check(CLI::Range(1, 86400));
  app.add_option("--patience-s", with.patience.step_s, "seconds for one answer")
      ->check(CLI::Range(1, 3600));
  app.add_option("--set", settings, "name=value, given to every run whose workload has the option")
      ->allow_extra_args(false);
  app.add_option("--only", chosen.only, "this check and those it rests on");
  app.add_flag("--form-checks", chosen.of_options, "only the checks that options can change");
  app.add_flag("--json", json, "print one JSON object instead of lines");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const std::string text = error.what();
    return refuse(text.substr(0, text.find('\n')) + " (see --help)");
  }
  if (with.target.find('/') == std::string::npos) with.target = "./" + with.target;
  if (::access(with.target.c_str(), X_OK) != 0)
    return refuse("'" + with.target + "' is not an executable file");
  const std::vector<check> all = all_checks();
  if (!chosen.only.empty() && std::ranges::find(all, chosen.only, &check::name) == all.end())
    return refuse("no check '" + chosen.only + "'");
  with.patience.connect_s = with.patience.step_s;
  with.patience.look = session::throw_if_interrupted;
  with.patience.end_ns = observe::from_now(timeout_s);
  try {
    with.settings = session::read_settings(settings);
    return run(with, chosen, json);
  } catch (const refusal& why) {
    return refuse(why.sentence());
  } catch (const session::interrupted&) {
    refuse("interrupted");
    return session::exit_interrupted;
  }
}

}  // namespace tailrace
