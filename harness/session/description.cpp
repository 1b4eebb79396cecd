// SPDX-License-Identifier: MIT
// See description.hpp.
#include "harness/session/description.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"

namespace tailrace::session {
namespace {

using nlohmann::json;
using record::member_of;

constexpr std::size_t list_max = 256;   // options, workloads, forms
constexpr std::size_t text_max = 2000;  // bytes of a text
constexpr std::array families = {"in-house", "library", "os", "floor", "peer"};

[[noreturn]] void refuse(const std::string& what) {
  throw refusal("`describe`: " + what);
}

std::string require_text(const json& value, const std::string& name) {
  if (!value.is_string()) refuse(name + " is not a string");
  std::string text = value.get<std::string>();
  if (text.size() > text_max) refuse(fmt::format("{} is longer than {} bytes", name, text_max));
  return text;
}

const json& require_member(const json& object, const std::string& name) {
  const json* const found = member_of(object, name);
  if (found == nullptr) refuse("lacks `" + name + "`");
  return *found;
}

std::string text_at(const json& object, const std::string& name) {
  return require_text(require_member(object, name), "`" + name + "`");
}

const json& list_at(const json& object, const std::string& name) {
  const json& list = require_member(object, name);
  if (!list.is_array()) refuse("`" + name + "` is not a list");
  if (list.size() > list_max) refuse(fmt::format("`{}` has more than {} items", name, list_max));
  return list;
}

const json& object_at(const json& object, const std::string& name) {
  const json& found = require_member(object, name);
  if (!found.is_object()) refuse("`" + name + "` is not an object");
  if (found.size() > list_max) refuse(fmt::format("`{}` has more than {} items", name, list_max));
  return found;
}

std::vector<std::string> texts_at(const json& object, const std::string& name) {
  std::vector<std::string> texts;
  for (const json& each : list_at(object, name))
    texts.push_back(require_text(each, "an item of `" + name + "`"));
  return texts;
}

option_map text_map(const json& object, const std::string& name) {
  if (!object.is_object()) refuse(name + " is not an object");
  option_map texts;
  for (const auto& [key, value] : object.items())
    texts[key] = require_text(value, fmt::format("`{}` of {}", key, name));
  return texts;
}

// "text", or "integer LOW..HIGH".
bool read_kind(std::string_view kind, option_spec& into) {
  constexpr std::string_view word = "integer ";
  into.any_text = kind == "text";
  if (into.any_text) return true;
  const std::size_t dots = kind.find("..");
  if (!kind.starts_with(word) || dots == std::string_view::npos) return false;
  const auto low = observe::to_integer(kind.substr(word.size(), dots - word.size()));
  const auto high = observe::to_integer(kind.substr(dots + 2));
  if (!low || !high || *low > *high) return false;
  into.low = *low;
  into.high = *high;
  return true;
}

option_spec read_option(const json& object) {
  option_spec spec;
  spec.name = text_at(object, "name");
  spec.preset = text_at(object, "default");
  spec.help = record::text_or(object, "help");
  const std::string where = "option " + quoted_excerpt(spec.name);
  const json& values = require_member(object, "values");
  if (values.is_array()) {
    spec.choices = texts_at(object, "values");
    if (spec.choices.empty()) refuse(where + " allows no value");
  } else if (!read_kind(require_text(values, "`values` of " + where), spec)) {
    refuse("`values` of " + where + " is neither a list, \"text\" nor \"integer LOW..HIGH\"");
  }
  if (object.contains("workloads")) spec.workloads = texts_at(object, "workloads");
  if (!spec.objection(spec.preset).empty())
    refuse("the default of " + where + " is not among its values");
  return spec;
}

void read_options(const json& object, description& into) {
  for (const json& each : list_at(object, "options")) {
    option_spec spec = read_option(each);
    if (std::ranges::find(into.options, spec.name, &option_spec::name) != into.options.end())
      refuse("option " + quoted_excerpt(spec.name) + " is there twice");
    for (const std::string& workload : spec.workloads) {
      if (!into.has_workload(workload))
        refuse(fmt::format("option {} belongs to {}, which is no workload of it",
                           quoted_excerpt(spec.name), quoted_excerpt(workload)));
    }
    into.options.push_back(std::move(spec));
  }
}

void read_forms(const json& object, description& into) {
  for (const auto& [form, options] : object_at(object, "forms").items()) {
    const std::string where = "form " + quoted_excerpt(form);
    option_map values = text_map(options, where);
    for (const auto& [name, value] : values) {
      const auto spec = std::ranges::find(into.options, name, &option_spec::name);
      if (spec == into.options.end()) refuse(where + " sets no known option");
      const std::string wrong = spec->objection(value);
      if (!wrong.empty()) refuse(fmt::format("{}: {}", where, wrong));
    }
    into.forms[form] = std::move(values);
  }
  for (const char* each : {"best", "default"})
    if (!into.forms.contains(each)) refuse(fmt::format("there is no form `{}`", each));
}

void read_availability(const json& object, description& into) {
  const json& available = require_member(object, "available");
  if (!available.is_boolean()) refuse("`available` is neither true nor false");
  into.available = available.get<bool>();
  if (into.available) return;
  into.cause = text_at(object, "cause");
  into.remedy = text_at(object, "remedy");
  if (into.cause.empty()) refuse("not available, and `cause` is empty");
}

}  // namespace

bool option_spec::belongs_to(std::string_view workload) const {
  return workloads.empty() || std::ranges::find(workloads, workload) != workloads.end();
}

std::string option_spec::objection(std::string_view value) const {
  if (any_text) return "";
  if (!choices.empty()) {
    if (std::ranges::find(choices, value) != choices.end()) return "";
    return fmt::format("option {} is one of {}, not {}", name, fmt::join(choices, ", "),
                       quoted_excerpt(value));
  }
  const auto number = observe::to_integer(value);
  if (number && *number >= low && *number <= high) return "";
  return fmt::format("option {} is an integer from {} to {}, not {}", name, low, high,
                     quoted_excerpt(value));
}

bool description::works_in_process(std::string_view workload) const {
  return std::ranges::find(in_process, workload) != in_process.end();
}

bool description::has_workload(std::string_view name) const {
  return std::ranges::find(workloads, name) != workloads.end();
}

const option_spec* description::option(std::string_view workload, std::string_view name) const {
  const auto found = std::ranges::find(options, name, &option_spec::name);
  return found != options.end() && found->belongs_to(workload) ? &*found : nullptr;
}

description read_description(const json& object) {
  if (!object.is_object()) refuse("printed what is not a JSON object");
  const auto protocol = record::integer_at(object, "protocol");
  if (protocol != protocol_version) {
    refuse(fmt::format("speaks version {} of the target protocol, not {}",
                       protocol ? std::to_string(*protocol) : "?", protocol_version));
  }
  description made;
  made.id = text_at(object, "id");
  if (made.id.empty()) refuse("`id` is empty");
  made.family = text_at(object, "family");
  if (std::ranges::find(families, made.family) == families.end()) {
    refuse(fmt::format("`family` is one of {}, not {}", fmt::join(families, ", "),
                       quoted_excerpt(made.family)));
  }
  const auto order = record::integer_of(require_member(object, "order"));
  if (!order || *order < 0) refuse("`order` is no integer of 0 or more");
  made.order = *order;
  made.language = text_at(object, "language");
  made.summary = text_at(object, "summary");
  made.backend = text_at(object, "backend");
  made.versions = text_map(object_at(object, "versions"), "`versions`");
  made.needs = text_map(object_at(object, "needs"), "`needs`");
  made.workloads = texts_at(object, "workloads");
  if (made.workloads.empty()) refuse("there is no workload");
  if (object.contains("in_process")) made.in_process = texts_at(object, "in_process");
  for (const std::string& workload : made.in_process) {
    if (!made.has_workload(workload))
      refuse(fmt::format("{} of `in_process` is no workload of it", quoted_excerpt(workload)));
  }
  if (made.has_workload("timer")) {
    made.timer_granularity_ns = record::integer_of(require_member(object, "timer_granularity_ns"));
    if (!made.timer_granularity_ns || *made.timer_granularity_ns < 1)
      refuse("`timer_granularity_ns` is no integer of 1 or more");
  }
  made.own_allocator = object.contains("allocator");
  if (made.own_allocator && text_at(object, "allocator") != "own")
    refuse("`allocator` is `own` or left out");
  if (object.contains("one_worker") && text_at(object, "one_worker").empty())
    refuse("`one_worker` is a sentence or left out");
  read_options(object, made);
  read_forms(object, made);
  read_availability(object, made);
  made.text = object.dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

option_map options_of(const description& target, const std::string& workload,
                      const option_map& given) {
  if (!target.has_workload(workload)) {
    throw usage_refusal(fmt::format("{} has no workload {}: it has {}", target.id,
                                    quoted_excerpt(workload), fmt::join(target.workloads, ", ")));
  }
  option_map all;
  std::vector<std::string> names;
  for (const option_spec& each : target.options) {
    if (!each.belongs_to(workload)) continue;
    all[each.name] = each.preset;
    names.push_back(each.name);
  }
  for (const auto& [name, value] : given) {
    const option_spec* const spec = target.option(workload, name);
    if (spec == nullptr) {
      throw usage_refusal(
          fmt::format("workload {} of {} has no option {}: it has {}", workload, target.id,
                      quoted_excerpt(name),
                      names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
    }
    const std::string wrong = spec->objection(value);
    if (!wrong.empty()) throw usage_refusal(fmt::format("{}: {}", target.id, wrong));
    all[name] = value;
  }
  return all;
}

option_map read_settings(const std::vector<std::string>& texts) {
  option_map settings;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw usage_refusal(fmt::format("--set {} is not NAME=VALUE", text));
    settings[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return settings;
}

description describe_target(const std::string& program, double limit_s) {
  output_pump pump;
  child_process child({.argv = {program, "describe"}});
  child_output output(pump, child);
  child.close_input();
  std::string text;
  const auto end = output.everything(observe::from_now(limit_s), text);
  if (end == child_output::outcome::late) {
    throw refusal(observe::with_stacks(fmt::format("`describe` did not end within {} s", limit_s),
                                       child.pid()));
  }
  if (end == child_output::outcome::too_much) throw refusal("`describe` flooded its output");
  const auto status = output.wait_exit(observe::from_now(2));
  if (!status || *status != 0)
    throw refusal("`describe` " + (status ? exit_text(*status) : "did not exit"));
  if (text.empty()) throw refusal("`describe` printed nothing");
  if (text.find('\n') < text.size() - 1) throw refusal("`describe` printed more than one line");
  const json object = record::parse_untrusted(text);
  if (!object.is_object())
    throw refusal("`describe` printed what is not a JSON object: " + quoted_excerpt(text));
  return read_description(object);
}

}  // namespace tailrace::session
