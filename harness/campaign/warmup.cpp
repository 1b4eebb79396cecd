// SPDX-License-Identifier: MIT
// See warmup.hpp. A twentieth: less than a just-in-time compiler or a cold allocator gains from one
// slice to the next, more than two slices of a warm process differ by as a rule.
#include "harness/campaign/warmup.hpp"

#include <algorithm>

namespace tailrace::campaign {
namespace {

constexpr double better_share = 0.05;

// cost: of a slice, the less the better; 0 where nothing was done, which is never flat.
template <class Cost>
bool no_better(std::span<const slice_reading> slices, const Cost& cost) {
  const auto least = [&](std::span<const slice_reading> of) {
    const auto found = std::ranges::min_element(of, {}, cost);
    return cost(*found);
  };
  const double before = least(slices.first(slices.size() - newest_slices));
  const double now = least(slices.last(newest_slices));
  return now > 0 && now >= before * (1 - better_share);
}

}  // namespace

bool is_flat(std::span<const slice_reading> slices) {
  if (slices.size() <= newest_slices) return false;
  return no_better(slices,
                   [](const auto& each) { return ratio_or_0(1, each.client.achieved_per_s); }) &&
         no_better(slices,
                   [](const auto& each) { return static_cast<double>(each.client.p50_ns); }) &&
         no_better(slices, [](const auto& each) {
           return ratio_or_0(static_cast<double>(each.use.cpu_ns),
                             static_cast<double>(each.client.answered));
         });
}

}  // namespace tailrace::campaign
