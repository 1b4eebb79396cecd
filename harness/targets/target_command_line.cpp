// SPDX-License-Identifier: MIT
// See target_command_line.hpp.
#include "harness/targets/target_command_line.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace tailrace {
namespace {

using parsed = std::expected<command_line, std::string>;
using values_by_name = std::map<std::string, std::string>;

std::unexpected<std::string> refuse(const std::string& sentence) {
  return std::unexpected(sentence);
}

// What a user gave, short enough for one sentence.
std::string in_quotes(std::string_view text) {
  std::string shown(text.substr(0, 80));
  std::ranges::replace_if(shown, [](unsigned char c) { return c < ' '; }, '?');
  return "'" + shown + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

bool understood(const option_spec& spec, const std::string& value) {
  if (!spec.choices.empty()) return std::ranges::find(spec.choices, value) != spec.choices.end();
  std::int64_t number = 0;
  return !spec.is_integer() || read_number(value, number);
}

std::expected<option_values, std::string> options_in_force(const target_description& description,
                                                           const std::string& workload,
                                                           const values_by_name& given) {
  values_by_name values;
  std::vector<std::string> names;
  for (const option_spec& spec : description.options) {
    if (!spec.belongs_to(workload)) continue;
    names.push_back(spec.name);
    const auto found = given.find(spec.name);
    values[spec.name] = found == given.end() ? spec.default_value : found->second;
    if (!understood(spec, values[spec.name]))
      return refuse("option '" + spec.name + "' is " +
                    (spec.choices.empty() ? spec.range : "one of " + joined(spec.choices)) +
                    ", not " + in_quotes(values[spec.name]));
  }
  for (const auto& [name, value] : given)
    if (!values.contains(name))
      return refuse("workload " + workload + " has no option " + in_quotes(name) + ": it has " +
                    joined(names));
  return option_values(std::move(values));
}

// One flag of `run` with its value; empty, or what is wrong with it.
std::string take_flag(std::string_view flag, const std::string& value, run_request& request,
                      values_by_name& settings) {
  if (flag == "--workload") {
    request.workload = value;
  } else if (flag == "--workers") {
    if (!read_number(value, request.workers) || request.workers < 1)
      return "--workers takes a number from 1 up, not " + in_quotes(value);
  } else if (flag == "--host") {
    in_addr address{};
    if (::inet_pton(AF_INET, value.c_str(), &address) != 1)
      return "--host takes an IPv4 address such as 127.0.0.1, not " + in_quotes(value);
    request.host = value;
  } else if (flag == "--port") {
    if (!read_number(value, request.port))
      return "--port takes a number from 0 to 65535, not " + in_quotes(value);
  } else if (flag == "--set") {
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) return "--set takes name=value, not " + in_quotes(value);
    settings[value.substr(0, equals)] = value.substr(equals + 1);
  } else {
    return "no flag " + in_quotes(flag) + " (see --help)";
  }
  return {};
}

parsed parse_run(std::span<const char* const> words, const target_description& description) {
  command_line run{.what = command_line::verb::run, .request = {}};
  run_request& request = run.request;
  values_by_name settings;
  for (; !words.empty(); words = words.subspan(2)) {
    const std::string_view flag = words[0];
    if (flag == "--help" || flag == "-h") return command_line{};
    if (words.size() < 2) return refuse(in_quotes(flag) + " takes a value (see --help)");
    std::string sentence = take_flag(flag, words[1], request, settings);
    if (!sentence.empty()) return refuse(sentence);
  }
  if (std::ranges::find(description.workloads, request.workload) == description.workloads.end())
    return refuse("no workload " + in_quotes(request.workload) + ": it has " +
                  joined(description.workloads));
  auto options = options_in_force(description, request.workload, settings);
  if (!options) return refuse(options.error());
  request.options = std::move(*options);
  if (description.objection) {
    std::string sentence = description.objection(request);
    if (!sentence.empty()) return refuse(sentence);
  }
  return run;
}

}  // namespace

parsed parse_command_line(int argc, const char* const* argv,
                          const target_description& description) {
  const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  const std::string_view verb = words.size() < 2 ? "" : words[1];
  if (verb == "run") return parse_run(words.subspan(2), description);
  if (verb == "--help" || verb == "-h") return command_line{};
  if (verb != "describe" || words.size() > 2)
    return refuse("say `describe`, or `run` with its flags (see --help)");
  return command_line{.what = command_line::verb::describe, .request = {}};
}

std::string usage_text(const target_description& description) {
  return "tailrace-target-" + description.id + ": " + description.summary +
         "\n\n"
         "  describe    what it can do and its options, as JSON\n"
         "  run --workload " +
         joined(description.workloads) +
         " [--workers N] [--host ADDRESS] [--port PORT] [--set OPTION=VALUE]...\n\n"
         "The protocol it speaks is in runtimes/PROTOCOL.md.\n";
}

}  // namespace tailrace
