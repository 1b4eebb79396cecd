// SPDX-License-Identifier: MIT
// See left_out.hpp.
#include "harness/campaign/left_out.hpp"

#include <nlohmann/json.hpp>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/sliced_work.hpp"
#include "harness/campaign/tuning.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

std::string cause_of(const point& at, const observe::cpu_partition& cpus, bool tuned) {
  const sliced_work* const work = at.work->sliced();
  if (work == nullptr || !(tuned || work->slices().fifo)) return "";
  return why_no_fifo(work->slices(), cpus);
}

}  // namespace

std::vector<left_out_point> leave_out_points(profile& from,
                                             std::vector<observe::cpu_partition>& cpus,
                                             bool tuned) {
  std::vector<left_out_point> left_out;
  for (std::size_t i = 0; i < from.points.size();) {
    const std::string cause = cause_of(from.points[i], cpus[i], tuned);
    if (cause.empty()) {
      ++i;
      continue;
    }
    left_out.push_back({from.points[i].id, cause});
    from.points.erase(from.points.begin() + static_cast<std::ptrdiff_t>(i));
    cpus.erase(cpus.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (from.points.empty())
    throw refusal("no point of the profile can run: " + left_out.back().cause);
  return left_out;
}

nlohmann::json left_out_json(const std::vector<left_out_point>& points) {
  nlohmann::json list = nlohmann::json::array();
  for (const left_out_point& each : points)
    list.push_back({{"id", each.id}, {"cause", each.cause}});
  return list;
}

}  // namespace tailrace::campaign
