// SPDX-License-Identifier: MIT
// See left_out.hpp.
#include "harness/campaign/left_out.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/sliced_work.hpp"
#include "harness/campaign/tuning.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

bool needs_fifo(const point& at) {
  const sliced_work* const work = at.work->sliced();
  return work != nullptr && work->slices().fifo;
}

}  // namespace

std::vector<left_out_point> leave_out_points(profile& from) {
  std::vector<left_out_point> points;
  if (std::ranges::none_of(from.points, needs_fifo) || no_fifo_cause().empty()) return points;
  for (const point& at : from.points)
    if (needs_fifo(at)) points.push_back({at.id, no_fifo_cause()});
  std::erase_if(from.points, needs_fifo);
  if (from.points.empty()) throw refusal("no point of the profile can run: " + no_fifo_cause());
  return points;
}

nlohmann::json left_out_json(const std::vector<left_out_point>& points) {
  nlohmann::json list = nlohmann::json::array();
  for (const left_out_point& each : points)
    list.push_back({{"id", each.id}, {"cause", each.cause}});
  return list;
}

}  // namespace tailrace::campaign
