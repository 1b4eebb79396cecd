// SPDX-License-Identifier: MIT
// The plan: every cell of a campaign, in the order in which they run. Randomised complete blocks:
// each block runs every subject once at every point. Points are shuffled, and so are the subjects
// at a point, so that slow drift of the machine affects all alike. Within a block all subjects of a
// point get the same seed, so the same schedule of requests.
// With arms (several builds of the same contestants) the arms of a contestant run one after the
// other, in an order that is drawn for each even block and reversed in the next: ABBA or BAAB.
// A pure function of profile, contestants and seed; the same everywhere (own shuffle). Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/contestants.hpp"
#include "harness/campaign/profile.hpp"

namespace tailrace::campaign {

struct subject {  // a contestant in one of its forms, and one of its builds where there are several
  std::string id;
  std::string family;
  std::int64_t order = 0;
  std::string form;
  std::map<std::string, std::string> options;
  int workers = 1;
  std::string arm = {};  // empty: the campaign has none
};

struct planned_cell {
  std::string id;  // b<block>-<point>-<contestant>-<form>, and -<arm>
  int block = 0;
  int order = 0;
  std::uint64_t seed = 0;
  std::size_t point = 0;    // index into plan::points
  std::size_t subject = 0;  // index into plan::subjects
};

struct plan {
  std::string profile;
  std::uint64_t seed = 1;
  int blocks = 1;   // with looks: of the look that it goes on to; a larger plan begins with it
  look_plan looks;  // none: it ends after `blocks`
  std::vector<point> points;
  std::vector<subject> subjects;
  std::vector<planned_cell> cells;
};

// Each contestant in each form that the profile or one of its points asks for; the form is the
// contestant's or the profile's. Forms with equal options are one subject, under the first name,
// but for the twin, which is there to be equal. The null server, where the profile asks for it and
// `contestants` has it, is last, as a control. A form that a contestant does not have is left out.
std::vector<subject> subjects_of(const profile& from,
                                 const std::map<std::string, contestant>& contestants);

// Subjects of the same id and form are the arms of one.
plan make_plan(const profile& from, const std::vector<subject>& subjects, std::uint64_t seed,
               int blocks);

nlohmann::json plan_json(const plan& made);
nlohmann::json subject_json(const subject& who);

}  // namespace tailrace::campaign
