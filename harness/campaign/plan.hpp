// SPDX-License-Identifier: MIT
// The plan: every cell of a campaign, in the order it is to be run. Randomised complete blocks:
// each block runs every contestant once at every point; the points come in shuffled order, and at a
// point the contestants follow each other in shuffled order, so that slow drift of the machine hits
// all alike. Within a block all contestants of a point get the same seed, so the same schedule.
// With arms (several builds of the same contestants to be compared) a contestant's arms follow each
// other at once, in an order that is turned round from each even block to the next one, and drawn
// anew for each such pair: ABBA or BAAB with two.
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

struct subject {  // a contestant in one of its forms
  std::string id;
  std::string form;
  std::map<std::string, std::string> options;
  int workers = 1;
  std::string family;
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
  int blocks = 1;
  std::vector<point> points;
  std::vector<subject> subjects;
  std::vector<planned_cell> cells;
};

// Each contestant in each form that the profile or a point of it asks for: the contestant's own, or
// the profile's. Those with equal options once (under the first). A form that a contestant has not
// is left out.
std::vector<subject> subjects_of(const profile& from,
                                 const std::map<std::string, contestant>& contestants);

// Entrants that differ in nothing but their arm are the arms of one.
plan make_plan(const profile& from, const std::vector<subject>& subjects, std::uint64_t seed,
               int blocks);

nlohmann::json plan_json(const plan& made);
nlohmann::json subject_json(const subject& who);

}  // namespace tailrace::campaign
