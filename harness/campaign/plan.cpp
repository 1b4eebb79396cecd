// SPDX-License-Identifier: MIT
// See plan.hpp. The shuffle is that of Fisher and Yates.
#include "harness/campaign/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "harness/load/random.hpp"
#include "harness/record/campaign.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

std::vector<std::size_t> shuffled(std::size_t count, load::random_source& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i)
    std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

// The subjects by what they are the arms of, in the order in which they came.
std::vector<std::vector<std::size_t>> grouped_by_arms(const std::vector<subject>& subjects) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const auto same = std::ranges::find_if(groups, [&](const auto& group) {
      const subject& first = subjects[group.front()];
      return !subjects[i].arm.empty() && first.id == subjects[i].id &&
             first.form == subjects[i].form;
    });
    if (same == groups.end()) {
      groups.push_back({i});
    } else {
      same->push_back(i);
    }
  }
  return groups;
}

// Drawn apart from the rest of the plan, which is the same with arms and without.
std::vector<std::size_t> order_of_arms(const std::vector<std::size_t>& group, std::uint64_t seed,
                                       std::size_t point, int block) {
  const auto pair = static_cast<std::uint64_t>(block / 2);
  load::random_source random(seed + (pair << 32) + (std::uint64_t{point} << 16) + group.front() +
                             1);
  std::vector<std::size_t> order;
  for (const std::size_t at : shuffled(group.size(), random))
    order.push_back(group[at]);
  if (block % 2 == 1) std::ranges::reverse(order);
  return order;
}

// The options of this form, where the contestant has it.
std::optional<std::map<std::string, std::string>> options_of(const profile& from,
                                                             const contestant& who,
                                                             const std::string& form) {
  for (const profile_form& own : from.own_forms)
    if (own.contestant == who.id && own.name == form) return own.options;
  const auto described = who.about.forms.find(form);
  if (described == who.about.forms.end()) return std::nullopt;
  return described->second;
}

std::vector<std::string> forms_asked_for(const profile& from) {
  std::vector<std::string> names = from.forms;
  for (const point& at : from.points) {
    for (const std::string& name : at.forms)
      if (std::ranges::count(names, name) == 0) names.push_back(name);
  }
  return names;
}

bool runs_at(const profile& from, const point& at, const subject& who) {
  if (who.form == control_form) return at.work->sliced() != nullptr && at.workload == "echo";
  const std::vector<std::string>& forms = from.forms_at(at);
  if (who.form != twin_form) return std::ranges::count(forms, who.form) > 0;
  return std::ranges::count(forms, "best") > 0 && at.work->sliced() != nullptr;
}

std::string cell_id(int block, const point& at, const subject& who) {
  return fmt::format("b{}-{}-{}-{}{}{}", block, at.id, who.id, who.form, who.arm.empty() ? "" : "-",
                     who.arm);
}

}  // namespace

std::vector<subject> subjects_of(const profile& from,
                                 const std::map<std::string, contestant>& contestants) {
  const std::vector<std::string> forms = forms_asked_for(from);
  std::vector<subject> subjects;
  for (const std::string& id : from.contestants) {
    const contestant& who = contestants.at(id);
    std::vector<std::map<std::string, std::string>> seen;
    for (const std::string& form : forms) {
      const auto options = options_of(from, who, form);
      if (!options || std::ranges::count(seen, *options) > 0) continue;
      seen.push_back(*options);
      subjects.push_back({id, who.about.family, who.about.order, form, *options, from.workers});
    }
    if (const auto best = options_of(from, who, "best"); best && id == from.twin)
      subjects.push_back({id, who.about.family, who.about.order, twin_form, *best, from.workers});
  }
  if (const auto null = contestants.find(null_id); from.null_server && null != contestants.end()) {
    const session::description& about = null->second.about;
    subjects.push_back({null_id, about.family, about.order, control_form, {}, from.workers});
  }
  return subjects;
}

plan make_plan(const profile& from, const std::vector<subject>& subjects, std::uint64_t seed,
               int blocks) {
  plan made = {from.name, seed, blocks, from.looks, from.points, subjects, {}};
  const auto groups = grouped_by_arms(subjects);
  load::random_source random(seed);
  for (int block = 0; block < blocks; ++block) {
    // Seeds first and in profile order, so that they do not depend on the shuffle.
    std::vector<std::uint64_t> seeds;
    // 53 bits: exact in every JSON reader.
    for (std::size_t i = 0; i < from.points.size(); ++i)
      seeds.push_back(random.next() >> 11);
    for (const std::size_t index : shuffled(from.points.size(), random)) {
      const point& at = from.points[index];
      const std::vector<std::size_t> order = shuffled(groups.size(), random);
      if (at.blocks != 0 && block >= at.blocks) continue;
      for (const std::size_t group : order) {
        for (const std::size_t who : order_of_arms(groups[group], seed, index, block)) {
          if (!runs_at(from, at, subjects[who])) continue;
          made.cells.push_back({cell_id(block, at, subjects[who]), block,
                                static_cast<int>(made.cells.size()), seeds[index], index, who});
        }
      }
    }
  }
  return made;
}

json subject_json(const subject& who) {
  json object = {{"id", who.id},     {"family", who.family},   {"order", who.order},
                 {"form", who.form}, {"options", who.options}, {"workers", who.workers}};
  if (!who.arm.empty()) object["arm"] = who.arm;
  return object;
}

json plan_json(const plan& made) {
  json object = {{"schema", record::schema_version},
                 {"profile", made.profile},
                 {"seed", made.seed},
                 {"blocks", made.blocks},
                 {"points", json::array()},
                 {"subjects", json::array()},
                 {"cells", json::array()}};
  if (!made.looks.at.empty()) object["looks"] = looks_json(made.looks);
  for (const point& each : made.points)
    object["points"].push_back(point_json(each));
  for (const subject& each : made.subjects)
    object["subjects"].push_back(subject_json(each));
  for (const planned_cell& each : made.cells) {
    const subject& who = made.subjects[each.subject];
    object["cells"].push_back({{"cell", each.id},
                               {"block", each.block},
                               {"order", each.order},
                               {"seed", each.seed},
                               {"point", made.points[each.point].id},
                               {"contestant", who.id},
                               {"form", who.form}});
    if (!who.arm.empty()) object["cells"].back()["arm"] = who.arm;
  }
  return object;
}

}  // namespace tailrace::campaign
