// SPDX-License-Identifier: MIT
// See generation.hpp.
#include "harness/campaign/generation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "harness/campaign/live_cell.hpp"
#include "harness/load/random.hpp"
#include "harness/observe/clock.hpp"
#include "harness/session/interrupt.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

class group_run {
 public:
  group_run(session::output_pump& pump, load_process& load, const cell_group& contexts,
            recent_of_points& recent, const std::function<void(const std::string&)>& note)
      : pump_(pump),
        recent_(recent),
        note_(note),
        around_(contexts.front()->setting.cpus),
        random_(contexts.front()->cell.seed) {
    for (const cell_context* const each : contexts)
      cells_.push_back(std::make_unique<live_cell>(*each, load, edges_, around_));
  }

  std::vector<json> run();

 private:
  struct point_rounds {
    std::string id;
    round_budget budget;
    std::vector<live_cell*> cells = {};
    int made = 0;
  };

  void start();
  live_target& target_for(const live_cell& cell);
  void settle_keep_awake();
  void warm_up();
  std::vector<point_rounds> points();
  void visit(point_rounds& at);
  void make_rounds();
  void finish();
  session::count_map counts_for(const live_cell& cell, session::count_map counts) const;
  template <class Item>
  void shuffle(std::vector<Item>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[random_.below(i)]);
  }

  session::output_pump& pump_;
  recent_of_points& recent_;
  const std::function<void(const std::string&)>& note_;
  edge_reader edges_;
  surroundings around_;
  load::random_source random_;
  std::int64_t begin_ns_ = observe::monotonic_ns();
  std::map<std::string, std::vector<std::unique_ptr<live_target>>> targets_;
  std::vector<std::unique_ptr<live_cell>> cells_;
};

// Points of equal requests are served by one process, as long as it has room for the connections of
// all; but for the twin, whose requests are equal to those of another subject: what differs from
// process to process belongs to the resolution.
std::string key_of(const session::target_request& request, const std::string& form) {
  std::string key =
      fmt::format("{} {} {} {}", request.program, form, request.workload, request.workers);
  for (const auto& [name, value] : request.options)
    key += fmt::format(" {}={}", name, value);
  return key;
}

live_target& group_run::target_for(const live_cell& cell) {
  const session::target_request request = target_request_of(cell.what());
  auto& alike = targets_[key_of(request, cell.what().who.form)];
  const auto has_room = [&](const auto& each) {
    return each->has_room_for(cell.what().at.work->connections());
  };
  if (alike.empty() || !has_room(alike.back()))
    alike.push_back(std::make_unique<live_target>(pump_, request, cell.what().setting.limits));
  return *alike.back();
}

void group_run::start() {
  for (const auto& each : cells_)
    each->attempt([&] { each->open(target_for(*each)); });
}

// All subjects of a point, or none: with the CPUs awake they are not to be compared with others.
void group_run::settle_keep_awake() {
  for (point_rounds& each : points()) {
    std::string cause;
    for (live_cell* const cell : each.cells) {
      cell->attempt([&] { cell->target()->session().require_alive("before its first slice"); });
      if (!cell->alive() || !cell->wants_keep_awake() || !cause.empty()) continue;
      cause = around_.no_keep_awake_for(cell->target()->session().pid());
    }
    for (live_cell* const cell : each.cells) {
      if (!cell->alive() || !cell->wants_keep_awake()) continue;
      cause.empty() ? cell->keep_awake() : cell->go_without_keep_awake(cause);
    }
  }
}

void group_run::warm_up() {
  for (const auto& each : cells_)
    each->attempt([&] { each->warm_up(); });
  for (const auto& [key, alike] : targets_)
    for (const auto& target : alike)
      target->end_warmup();
}

std::vector<group_run::point_rounds> group_run::points() {
  std::vector<point_rounds> all;
  for (const auto& each : cells_) {
    const std::string& id = each->what().at.id;
    auto found = std::ranges::find(all, id, &point_rounds::id);
    if (found == all.end()) {
      const int rounds = each->work().slices().rounds;
      all.push_back({.id = id, .budget = {rounds, recent_[id]}});
      found = all.end() - 1;
    }
    found->cells.push_back(each.get());
  }
  return all;
}

// One round at one point.
void group_run::visit(point_rounds& at) {
  shuffle(at.cells);
  double taken = 0;
  int slices = 0;
  for (live_cell* const each : at.cells) {
    each->attempt([&] {
      const auto since_ns = static_cast<double>(observe::monotonic_ns() - begin_ns_);
      each->run_slice(at.made, since_ns / 1e9);
      taken += each->disturbance();
      ++slices;
    });
  }
  if (slices == 0) return;
  const bool kept = at.budget.keep(taken / slices);
  for (live_cell* const each : at.cells)
    each->attempt([&] { each->count_slice(kept); });
  ++at.made;
}

void group_run::make_rounds() {
  std::vector<point_rounds> all = points();
  for (int round = 1; !all.empty(); ++round) {
    shuffle(all);
    for (point_rounds& each : all) {
      note_(fmt::format("round {} at {}", round, each.id));
      visit(each);
    }
    std::erase_if(all, [](const point_rounds& each) {
      return each.budget.complete() ||
             std::ranges::none_of(each.cells, [](const live_cell* cell) { return cell->alive(); });
    });
  }
}

// Without what its other points did on the same process.
session::count_map group_run::counts_for(const live_cell& cell, session::count_map counts) const {
  for (const auto& other : cells_) {
    if (other.get() == &cell || other->target() != cell.target()) continue;
    const auto take = [&](const char* name, std::int64_t done) {
      if (const auto found = counts.find(name); found != counts.end()) found->second -= done;
    };
    take("sent_bytes", other->verified_bytes());
    take("received_bytes", other->verified_bytes());
    take("accepted", other->opened_connections());
    take("closed", other->opened_connections());
  }
  return counts;
}

void group_run::finish() {
  for (const auto& each : cells_) {
    each->attempt([&] { each->finish_load(); });
    each->close_load();
  }
  for (const auto& each : cells_) {
    each->attempt([&] {
      const session::result_event& result = each->target()->end();
      each->conclude(result, counts_for(*each, result.counts));
    });
  }
}

std::vector<json> group_run::run() {
  note_("starting");
  start();
  settle_keep_awake();
  note_("warming up");
  warm_up();
  make_rounds();
  finish();
  std::vector<json> records;
  for (const auto& each : cells_)
    records.push_back(each->take_record());
  return records;
}

bool same_cpus(const cell_context& one, const cell_context& other) {
  const observe::cpu_partition& a = one.setting.cpus;
  const observe::cpu_partition& b = other.setting.cpus;
  return a.target == b.target && a.client == b.client && a.shared == b.shared;
}

std::int64_t connections_of(const cell_group& cells) {
  return std::accumulate(cells.begin(), cells.end(), std::int64_t{0},
                         [](std::int64_t sum, const cell_context* each) {
                           return sum + each->at.work->connections();
                         });
}

// The cells of each point, in the order in which they came.
std::vector<cell_group> by_point(const std::vector<cell_context>& cells) {
  std::vector<cell_group> points;
  for (const cell_context& each : cells) {
    const auto found = std::ranges::find_if(
        points, [&](const auto& group) { return group.front()->at.id == each.at.id; });
    if (found == points.end()) {
      points.push_back({&each});
    } else {
      found->push_back(&each);
    }
  }
  return points;
}

}  // namespace

std::vector<cell_group> groups_of(const std::vector<cell_context>& cells,
                                  std::int64_t descriptors) {
  const std::int64_t room = descriptors - files_beside;
  std::vector<cell_group> groups;
  for (const cell_group& point : by_point(cells)) {
    if (connections_of(point) > room) {
      for (const cell_context* const alone : point)
        groups.push_back({alone});
      continue;
    }
    const auto fits = std::ranges::find_if(groups, [&](const auto& group) {
      return same_cpus(*group.front(), *point.front()) &&
             connections_of(group) + connections_of(point) <= room;
    });
    if (fits == groups.end()) {
      groups.push_back(point);
    } else {
      fits->insert(fits->end(), point.begin(), point.end());
    }
  }
  return groups;
}

std::vector<json> run_group(session::output_pump& pump, load_process& load, const cell_group& cells,
                            recent_of_points& recent,
                            const std::function<void(const std::string&)>& note) {
  return group_run(pump, load, cells, recent, note).run();
}

double expected_slices_s(const slice_plan& plan) {
  constexpr double start_s = 0.05;     // a process serves several points
  constexpr double between_s = 0.015;  // edges, commands, the wake-up of the client
  constexpr double warm_s = 0.2;
  return start_s + std::min(plan.warmup_s, warm_s) +
         plan.rounds * (plan.settle_s + plan.slice_s + between_s);
}

}  // namespace tailrace::campaign
