// SPDX-License-Identifier: MIT
// A generation: every subject started fresh, connected, warmed up and then visited in rounds.
//
// A round visits all subjects of a point once, shuffled; points take turns, shuffled as well. So
// whatever drifts on the machine hits all subjects alike, and ratios within a generation hold
// (Abedi and Brecht, "Conducting Repeatable Experiments in Highly Variable Cloud Computing
// Environments", ICPE 2017: randomized interleaved trials, here of a fraction of a second).
// A round in which others took more than a little of the target's CPUs, by what was read outside of
// the response, is disturbed for all its subjects, and repeated where that is worth the time
// (round_budget.hpp).
// Main thread only.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/load_process.hpp"
#include "harness/campaign/round_budget.hpp"
#include "harness/campaign/sliced_work.hpp"

namespace tailrace::campaign {

// Cells that may be alive at once: of one generation and the same CPUs, as many as there are
// descriptors for. A point that does not fit is a group of each of its subjects alone.
using cell_group = std::vector<const cell_context*>;
std::vector<cell_group> groups_of(const std::vector<cell_context>& cells, std::int64_t descriptors);

// By the id of the point.
using recent_of_points = std::map<std::string, recent_rounds>;

// The records, in the order of the cells. recent: of the groups before, brought up to date. note:
// told what is under way.
std::vector<nlohmann::json> run_group(session::output_pump& pump, load_process& load,
                                      const cell_group& cells, recent_of_points& recent,
                                      const std::function<void(const std::string&)>& note);

// About how long such a cell takes.
double expected_slices_s(const slice_plan& plan);

}  // namespace tailrace::campaign
