// SPDX-License-Identifier: MIT
// See target_command_line.hpp.
#include "harness/targets/target_command_line.hpp"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "harness/targets/cpu_list.hpp"

namespace tailrace {
namespace {

constexpr int bad_usage = 2;
constexpr int worker_limit = 1024;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

bool belongs(const option_spec& spec, const std::string& workload) {
  return spec.workloads.empty() ||
         std::ranges::find(spec.workloads, workload) != spec.workloads.end();
}

// Empty where the value is allowed, else one sentence.
std::string refuse_value(const option_spec& spec, const std::string& value) {
  if (!spec.values.empty()) {
    if (std::ranges::find(spec.values, value) != spec.values.end()) return {};
    return "option '" + spec.name + "' is one of " + joined(spec.values) + ", not '" +
           value.substr(0, 80) + "'";
  }
  if (spec.any_text) return {};
  std::int64_t number = 0;
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, number);
  const bool whole = error == std::errc{} && end == last;
  if (whole && number >= spec.low && number <= spec.high) return {};
  return "option '" + spec.name + "' is an integer from " + std::to_string(spec.low) + " to " +
         std::to_string(spec.high) + ", not '" + value.substr(0, 80) + "'";
}

command_line refuse(const target_description& description, const std::string& sentence) {
  std::fprintf(stderr, "tailrace-target-%s: %s\n", description.id.c_str(), sentence.c_str());
  return {command_line::verb::leave, bad_usage, {}};
}

// CLI11 may word an error over several lines; the contract is one sentence.
std::string first_line(std::string text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::expected<option_values, std::string> resolve_options(
    const target_description& description, const std::string& workload,
    const std::vector<std::string>& settings) {
  string_map values;
  std::vector<std::string> names;
  for (const option_spec& spec : description.options) {
    if (!belongs(spec, workload)) continue;
    values[spec.name] = spec.default_value;
    names.push_back(spec.name);
  }
  string_map given;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return std::unexpected("--set takes name=value, not '" + setting.substr(0, 80) + "'");
    }
    const std::string name = setting.substr(0, equals);
    const std::string value = setting.substr(equals + 1);
    const auto spec = std::ranges::find(description.options, name, &option_spec::name);
    if (spec == description.options.end() || !belongs(*spec, workload)) {
      return std::unexpected("workload " + workload + " has no option '" + name.substr(0, 80) +
                             "': it has " + joined(names));
    }
    if (std::string sentence = refuse_value(*spec, value); !sentence.empty()) {
      return std::unexpected(std::move(sentence));
    }
    if (!given.emplace(name, value).second) {
      return std::unexpected("option '" + name + "' is set twice");
    }
    values[name] = value;
  }
  option_values resolved(std::move(values));
  if (description.objection) {
    std::string sentence = description.objection(resolved);
    if (!sentence.empty()) return std::unexpected(std::move(sentence));
  }
  return resolved;
}

command_line parse_command_line(int argc, const char* const* argv,
                                const target_description& description) {
  CLI::App app{description.summary, "tailrace-target-" + description.id};
  app.require_subcommand(1);
  CLI::App* const describe = app.add_subcommand("describe", "print what this target is, as JSON");
  CLI::App* const run = app.add_subcommand("run", "run a workload under the target protocol");
  command_line parsed;
  run_request& request = parsed.request;
  std::string cpus;
  std::vector<std::string> settings;
  run->add_option("--workload", request.workload, "one of: " + joined(description.workloads))
      ->required();
  run->add_option("--workers", request.workers, "loops or threads that serve")
      ->check(CLI::Range(1, worker_limit));
  run->add_option("--cpus", cpus, "CPUs to confine the process to, such as 0,2-3");
  run->add_option("--host", request.host, "IPv4 address to listen on");
  run->add_option("--port", request.port, "port to listen on; 0 for any");
  run->add_option("--set", settings, "name=value, one option of the target (see describe)")
      ->allow_extra_args(false);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return {command_line::verb::leave, app.exit(help), {}};
  } catch (const CLI::ParseError& error) {
    return refuse(description, first_line(error.what()) + " (see --help)");
  }
  if (describe->parsed()) {
    parsed.what = command_line::verb::describe;
    return parsed;
  }
  if (std::ranges::find(description.workloads, request.workload) == description.workloads.end()) {
    return refuse(description, "no workload '" + request.workload.substr(0, 80) + "': it has " +
                                   joined(description.workloads));
  }
  in_addr address{};
  if (::inet_pton(AF_INET, request.host.c_str(), &address) != 1) {
    return refuse(description, "--host takes an IPv4 address such as 127.0.0.1, not '" +
                                   request.host.substr(0, 80) + "'");
  }
  if (run->count("--cpus") > 0) {
    auto list = parse_cpu_list(cpus);
    if (!list) return refuse(description, "--cpus: " + list.error());
    request.cpus = std::move(*list);
  }
  auto options = resolve_options(description, request.workload, settings);
  if (!options) return refuse(description, options.error());
  request.options = std::move(*options);
  parsed.what = command_line::verb::run;
  return parsed;
}

}  // namespace tailrace
