// SPDX-License-Identifier: MIT
// See profile.hpp. What is common to all points; the rest of a point its kind reads.
#include "harness/campaign/profile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/campaign/profile_files.hpp"
#include "harness/campaign/profile_table.hpp"
#include "harness/campaign/table_reader.hpp"

namespace tailrace::campaign {
namespace {

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

void check_names(const table_reader& in, const char* key, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!is_plain_name(name)) in.refuse(key, fmt::format("\"{}\" is no name", name));
    if (!seen.insert(name).second) in.refuse(key, fmt::format("\"{}\" is there twice", name));
  }
}

const kind& kind_of(const toml::table& table, kind_list kinds) {
  const table_reader in(table, "a [[point]]");
  const std::string name = in.text("kind", "");
  const auto found = std::ranges::find(kinds, name, [](const kind& each) { return each.name; });
  if (found != kinds.end()) return *found;
  std::vector<const char*> names;
  for (const kind& each : kinds)
    names.push_back(each.name);
  in.refuse("kind",
            name.empty()
                ? fmt::format("a [[point]] needs a kind, one of {}", fmt::join(names, ", "))
                : fmt::format("kind = \"{}\" is not one of {}", name, fmt::join(names, ", ")));
}

std::string with_article(const std::string& kind) {
  const bool vowel = std::string_view("aeiou").find(kind.front()) != std::string_view::npos;
  return fmt::format("{} {} point", vowel ? "an" : "a", kind);
}

point read_point(const toml::table& table, const toml::table& defaults, kind_list kinds) {
  const kind& which = kind_of(table, kinds);
  const table_reader in(table, with_article(which.name), &defaults);
  point at;
  at.id = in.text("id", "");
  at.kind = in.text("kind", "");
  at.workload = in.choice("workload", which.workload, {which.workload});
  at.blocks = static_cast<int>(in.integer("blocks", 0, 1, 1000));
  at.workers = static_cast<int>(in.integer("workers", 0, 1, 1024));
  at.forms = in.texts("forms");
  check_names(in, "forms", at.forms);
  at.work = which.read(in);
  in.refuse_others();
  if (at.id.empty()) at.id = at.work->derived_id();
  if (!is_plain_name(at.id))
    in.refuse("id", "id must be small letters, digits, '-' and '.', at most 64 of them");
  return at;
}

// [form.CONTESTANT] NAME = { option = "value" }: more forms of a contestant.
void read_forms(const toml::table& table, const table_reader& in, profile& read) {
  const toml::node* const node = in.node("form");
  if (node == nullptr) return;
  if (!node->is_table()) in.refuse("form", "forms are written as [form.CONTESTANT]");
  for (const auto& [who, forms] : *table["form"].as_table()) {
    const std::string contestant(who.str());
    if (std::ranges::count(read.contestants, contestant) == 0) {
      in.refuse_node(&forms, fmt::format("[form.{}] names none of the contestants: {}", contestant,
                                         fmt::join(read.contestants, ", ")));
    }
    if (!forms.is_table()) in.refuse_node(&forms, "forms are written as [form.CONTESTANT]");
    for (const auto& [key, set] : *forms.as_table()) {
      profile_form made = {contestant, std::string(key.str()), {}};
      if (!is_plain_name(made.name) || made.name == "best" || made.name == "default" ||
          made.name == twin_form || made.name == control_form) {
        in.refuse_node(&set, fmt::format("\"{}\" is no name for a form: small letters, digits, '-' "
                                         "and '.', not best, default, twin or control",
                                         made.name));
      }
      const toml::table* const options = set.as_table();
      if (options == nullptr || options->empty())
        in.refuse_node(&set, fmt::format("{} must be {{ option = \"value\", ... }}", made.name));
      for (const auto& [option, value] : *options) {
        if (!value.is_string()) in.refuse_node(&value, "option values are strings in quotes");
        made.options[std::string(option.str())] = *value.value<std::string>();
      }
      read.own_forms.push_back(std::move(made));
    }
  }
}

// How many generations there are, and whether that is only the first look at them.
void read_generations(const table_reader& in, profile& read) {
  read.blocks = static_cast<int>(in.integer("blocks", 3, 1, 1000));
  for (const std::int64_t each : in.integers("looks", look_min, look_max))
    read.looks.at.push_back(static_cast<int>(each));
  read.looks.at_most_minutes =
      static_cast<int>(in.integer("at_most_minutes", 0, 1, look_minutes_max));
  if (const std::string fault = fault_of(read.looks); !fault.empty())
    in.refuse(in.has("looks") ? "looks" : "at_most_minutes", fault);
  if (read.looks.at.empty()) return;
  const int first = read.looks.at.front();
  if (in.has("blocks") && read.blocks != first) {
    in.refuse("blocks", fmt::format("blocks = {}, but the first look is at {}: leave blocks out",
                                    read.blocks, first));
  }
  read.blocks = first;
}

void read_points(const toml::table& table, const table_reader& in, kind_list kinds, profile& read) {
  in.node("point");
  for (const toml::table* const each : point_tables(table)) {
    read.points.push_back(read_point(*each, table, kinds));
    const std::string& id = read.points.back().id;
    if (std::ranges::count(read.points, id, &point::id) > 1)
      in.refuse_node(each, fmt::format("two points have the id \"{}\"", id));
  }
  if (read.points.empty()) in.refuse("point", "a profile needs at least one [[point]]");
}

std::string stem_of(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (name.ends_with(".toml")) name.resize(name.size() - 5);
  return name;
}

}  // namespace

profile parse_profile(const std::string& text, const std::string& path, kind_list kinds) {
  const toml::table table = profile_table({text, path}, kinds);
  const table_reader in(table, "the profile");
  profile read;
  read.path = path;
  read.name = stem_of(path);
  read.title = in.text("title", read.name);
  read_generations(in, read);
  read.seed = static_cast<std::uint64_t>(in.integer("seed", 1, 0, INT64_MAX));
  read.workers = static_cast<int>(in.integer("workers", 1, 1, 1024));
  read.costs = in.flag("costs", true);
  read.instructions = in.flag("instructions", false);
  read.contestants = in.texts("contestants");
  read.forms = in.texts("forms");
  if (read.forms.empty()) read.forms = {"best"};
  if (read.contestants.empty())
    in.refuse("contestants", "contestants must be a list of runtime ids, at least one");
  check_names(in, "contestants", read.contestants);
  check_names(in, "forms", read.forms);
  read.twin = in.text("twin", "");
  if (!read.twin.empty() && std::ranges::count(read.contestants, read.twin) == 0)
    in.refuse("twin", fmt::format("twin = \"{}\" is none of the contestants", read.twin));
  read.null_server = in.flag("null", false);
  read.selftest = in.flag("selftest", false);
  read_forms(table, in, read);
  in.ask_for_defaults();
  read_points(table, in, kinds, read);
  in.refuse_others();
  return read;
}

profile load_profile(const std::string& name_or_path, kind_list kinds) {
  const profile_text from = read_profile(name_or_path);
  return parse_profile(from.toml, from.path, kinds);
}

nlohmann::json point_json(const point& at) {
  nlohmann::json object = at.work->json();
  object["id"] = at.id;
  object["kind"] = at.kind;
  object["workload"] = at.workload;
  if (at.workers != 0) object["workers"] = at.workers;
  return object;
}

}  // namespace tailrace::campaign
