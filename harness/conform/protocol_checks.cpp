// SPDX-License-Identifier: MIT
// Checks of `describe`, of bad usage, and of getting ready. See check.hpp.
#include <sched.h>

#include <array>
#include <nlohmann/json.hpp>

#include "harness/conform/check.hpp"
#include "harness/conform/peer.hpp"
#include "harness/conform/process_view.hpp"
#include "harness/conform/target_child.hpp"

namespace tailrace::conform {
namespace {

using json = nlohmann::json;

constexpr std::array families{"in-house", "library", "os", "floor", "peer"};

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  require(found != object.end() && found->is_string(),
          std::string("describe: '") + name + "' is not a string");
  return found->get<std::string>();
}

const json& member(const json& object, const char* name, json::value_t type, const char* shown) {
  const auto found = object.find(name);
  require(found != object.end() && found->type() == type,
          std::string("describe: '") + name + "' is not " + shown);
  return *found;
}

// A default has to be among the allowed values.
void check_option(const json& option, description& into) {
  require(option.is_object(), "describe: an option is not an object");
  const std::string name = text_of(option, "name");
  const std::string preset = text_of(option, "default");
  require(option.contains("values"), "describe: option '" + name + "' without values");
  const json& values = option.at("values");
  if (values.is_array()) {
    require(std::ranges::find(values, json(preset)) != values.end(),
            "describe: the default of option '" + name + "' is not among its values");
  } else {
    require(values.is_string(), "describe: values of '" + name + "' are neither list nor text");
  }
  require(into.options.emplace(name, preset).second, "describe: option '" + name + "' twice");
}

description read_description(const std::string& line) {
  const json object = json::parse(line, nullptr, false);
  require(object.is_object(), "describe did not print a JSON object");
  require(object.contains("protocol") && object["protocol"] == 1, "describe: 'protocol' is not 1");
  description told;
  told.id = text_of(object, "id");
  require(!told.id.empty(), "describe: 'id' is empty");
  const std::string family = text_of(object, "family");
  require(std::ranges::find(families, family) != families.end(),
          "describe: no such family '" + family.substr(0, 80) + "'");
  for (const char* name : {"language", "summary", "backend"})
    text_of(object, name);
  member(object, "versions", json::value_t::object, "an object");
  member(object, "needs", json::value_t::object, "an object");
  for (const json& each : member(object, "workloads", json::value_t::array, "a list")) {
    require(each.is_string(), "describe: a workload is not a string");
    told.workloads.push_back(each.get<std::string>());
  }
  require(!told.workloads.empty(), "describe: no workload");
  for (const json& each : member(object, "options", json::value_t::array, "a list")) {
    check_option(each, told);
  }
  const json& forms = member(object, "forms", json::value_t::object, "an object");
  for (const char* name : {"best", "default"})
    member(forms, name, json::value_t::object, "a form");
  for (const auto& [form, options] : forms.items()) {
    require(options.is_object(), "describe: form '" + form + "' is not an object");
    for (const auto& [name, value] : options.items()) {
      require(told.options.contains(name), "describe: form '" + form + "' sets no known option");
    }
  }
  told.available = member(object, "available", json::value_t::boolean, "true or false").get<bool>();
  if (!told.available) {
    told.cause = text_of(object, "cause");
    require(!told.cause.empty(), "describe: unavailable without a cause");
    require(!text_of(object, "remedy").empty(), "describe: unavailable without a remedy");
  }
  return told;
}

void describes_itself(context& with) {
  target_child child(with.target, {{"describe"}});
  const steady::time_point until = std::min(with.soon(), steady::now() + std::chrono::seconds(5));
  const auto line = child.next_line(until);
  require(line.has_value(), "describe printed nothing" +
                                (child.error_text().empty() ? "" : ": " + child.error_text()));
  with.described = read_description(*line);
  require(!child.next_line(until), "describe printed more than one line");
  const int code = child.exit_code(until);
  require(code == 0, "describe ended with exit code " + std::to_string(code));
}

void refuses_bad_usage(context& with) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"fly"},
      {"run"},
      {"run", "--workload", "fly"},
      {"run", "--workload", "echo", "--fly"},
      {"run", "--workload", "echo", "--workers", "0"},
      {"run", "--workload", "echo", "--workers", "two"},
      {"run", "--workload", "echo", "--port", "70000"},
      {"run", "--workload", "echo", "--cpus", "99999"},
      {"run", "--workload", "echo", "--cpus", "zero"},
      {"run", "--workload", "echo", "--set", "no-such-option=1"},
      {"run", "--workload", "echo", "--set", "no-value"},
  };
  for (const auto& words : cases) {
    std::string shown = "'";
    for (const std::string& word : words)
      shown += (shown.size() > 1 ? " " : "") + word;
    shown += "'";
    target_child child(with.target, {words});
    int code = -1;
    try {
      code = child.exit_code(with.soon());
    } catch (const check_failed&) {
      throw check_failed("bad usage " + shown + " was not refused: it goes on running");
    }
    require(code == 2,
            "bad usage " + shown + ": exit code " + std::to_string(code) + " instead of 2");
    require(!child.error_text().empty(), "bad usage " + shown + ": nothing on standard error");
  }
}

void says_why_unavailable(context& with) {
  if (with.described.available) throw check_skipped("it is available here");
  target_child child(with.target, {run_arguments(with, with.described.workloads.front(), {})});
  const target_event event = child.expect("error", with.soon());
  require(!event.remedy.empty(), "an error event without a remedy");
  const int code = child.exit_code(with.soon());
  require(code == 3, "exit code " + std::to_string(code) + " instead of 3");
}

void gets_ready(context& with) {
  running_target target(with, "echo");
  require(target.ready().workers == 1, "ready tells of " + std::to_string(target.ready().workers) +
                                           " workers where 1 is the default");
  require(open_descriptors(target.ready().pid).has_value(),
          "ready tells of process " + std::to_string(target.ready().pid) + ", which is not ours");
  peer any(with, target.address(), 1);
  any.echo(64);
  // The default host is 0.0.0.0, so that clients may use all of 127/8.
  const std::string& address = target.address();
  peer other(with, "127.0.0.2" + address.substr(address.rfind(':')), 2);
  other.echo(64);
}

void confines_itself(context& with) {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cpu = 0;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(static_cast<unsigned>(cpu), &set))
      ++cpu;
  }
  if (CPU_COUNT(&set) < 2) throw check_skipped("one CPU only: nothing to tell apart");
  running_target target(with, "echo", {"--cpus", std::to_string(cpu)});
  peer(with, target.address(), 1).echo(64);
  const std::vector<std::string> lists = allowed_cpus_of_threads(target.ready().pid);
  if (lists.empty()) throw check_skipped("/proc does not show its threads");
  for (const std::string& list : lists) {
    require(list == std::to_string(cpu),
            "--cpus " + std::to_string(cpu) + " was given, a thread may use " + list);
  }
}

constexpr std::array checks{
    check{"describes_itself", "one valid JSON object within 5 s, exit 0", describes_itself},
    check{"refuses_bad_usage", "exit 2 and a sentence on standard error", refuses_bad_usage},
    check{"says_why_unavailable", "error event, exit 3", says_why_unavailable},
    check{"gets_ready", "ready in time, serves on all of 127/8", gets_ready},
    check{"confines_itself", "every thread keeps to --cpus", confines_itself},
};

}  // namespace

std::span<const check> protocol_checks() {
  return checks;
}

}  // namespace tailrace::conform
