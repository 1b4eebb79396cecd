// SPDX-License-Identifier: MIT
// See looks.hpp.
#include "harness/campaign/looks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

namespace tailrace::campaign {

using nlohmann::json;

std::string fault_of(const look_plan& looks) {
  if (looks.at.empty()) {
    return looks.at_most_minutes == 0
               ? ""
               : "minutes at most are for a campaign with looks, such as 8, 16 and 32 generations";
  }
  const auto allowed = [](int at) { return at >= look_min && at <= look_max; };
  if (!std::ranges::all_of(looks.at, allowed) ||
      std::ranges::adjacent_find(looks.at, std::greater_equal{}) != looks.at.end()) {
    return fmt::format(
        "looks must be growing numbers of generations from {} to {}, such as 8, 16 "
        "and 32",
        look_min, look_max);
  }
  if (looks.at_most_minutes < 1 || looks.at_most_minutes > look_minutes_max) {
    return fmt::format("looks need minutes at most, a whole number from 1 to {}", look_minutes_max);
  }
  return "";
}

json looks_json(const look_plan& looks) {
  return {{"at", looks.at}, {"at_most_minutes", looks.at_most_minutes}};
}

look_plan looks_of_plan(const json& plan) {
  if (!plan.contains("looks")) return {};
  const json& told = plan.at("looks");
  return {.at = told.at("at").get<std::vector<int>>(),
          .at_most_minutes = told.at("at_most_minutes").get<int>()};
}

}  // namespace tailrace::campaign
