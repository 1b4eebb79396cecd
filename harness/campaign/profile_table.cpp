// SPDX-License-Identifier: MIT
// See profile_table.hpp. Nodes are moved, never copied: a copy forgets its line.
#include "harness/campaign/profile_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/table_reader.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

toml::table parsed(const profile_text& from) {
  try {
    return toml::parse(from.toml, from.path);
  } catch (const toml::parse_error& error) {
    throw usage_refusal(fmt::format("{}:{}: {}", from.path, error.source().begin.line,
                                    std::string(error.description())));
  }
}

// Each key of `own` instead of that of `base`.
void overlay(toml::table& base, toml::table&& own) {
  for (auto&& [key, node] : own)
    std::move(node).visit(
        [&](auto&& each) { base.insert_or_assign(key.str(), std::forward<decltype(each)>(each)); });
}

struct named_point {
  std::string id;
  toml::table table;
};

// The points of `base` that are wanted, with their ids.
std::vector<named_point> points_of(toml::table& base, const profile& read, const table_reader& in) {
  const std::vector<std::string> wanted = in.texts("points");
  for (const std::string& id : wanted) {
    if (std::ranges::count(read.points, id, &point::id) == 0)
      in.refuse("points", fmt::format("{} has no point \"{}\"", read.name, id));
  }
  std::vector<named_point> kept;
  toml::array& tables = *base["point"].as_array();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string& id = read.points[i].id;
    if (!wanted.empty() && std::ranges::count(wanted, id) == 0) continue;
    kept.push_back({id, std::move(*tables[i].as_table())});
    kept.back().table.insert_or_assign("id", id);
  }
  return kept;
}

void extend(toml::table& base, toml::table&& own, std::vector<named_point> points) {
  if (toml::array* const more = own["point"].as_array()) {
    for (toml::node& node : *more) {
      toml::table& table = *node.as_table();
      const std::string id = table["id"].value_or(std::string());
      const auto same = std::ranges::find(points, id, &named_point::id);
      if (same == points.end()) {
        points.push_back({id, std::move(table)});
      } else {
        overlay(same->table, std::move(table));
      }
    }
  }
  toml::array all;
  for (named_point& each : points)
    all.push_back(std::move(each.table));
  if (base["form"].is_table() && own["form"].is_table()) {
    overlay(*base["form"].as_table(), std::move(*own["form"].as_table()));
    own.erase("form");
  }
  for (const char* const used : {"extends", "points", "point"})
    own.erase(used);
  overlay(base, std::move(own));
  base.insert_or_assign("point", std::move(all));
}

}  // namespace

toml::table profile_table(const profile_text& from, kind_list kinds) {
  toml::table own = parsed(from);
  const table_reader in(own, "the profile");
  const std::string extended = in.text("extends", "");
  if (extended.empty()) return own;
  const profile_text other = read_profile(extended);
  toml::table base = parsed(other);
  if (base.contains("extends"))
    in.refuse("extends", fmt::format("{} extends another profile itself", extended));
  point_tables(own);
  const profile read = parse_profile(other.toml, other.path, kinds);
  extend(base, std::move(own), points_of(base, read, in));
  return base;
}

std::vector<const toml::table*> point_tables(const toml::table& table) {
  std::vector<const toml::table*> tables;
  const toml::node* const node = table.get("point");
  if (node == nullptr) return tables;
  const table_reader in(table, "the profile");
  if (!node->is_array()) in.refuse("point", "points are written as [[point]]");
  for (const toml::node& each : *node->as_array()) {
    if (!each.is_table()) in.refuse_node(&each, "points are written as [[point]]");
    tables.push_back(each.as_table());
  }
  return tables;
}

}  // namespace tailrace::campaign
