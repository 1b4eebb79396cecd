// SPDX-License-Identifier: MIT
// See warmup.hpp. A tenth: the spread of two such slices of one warm process, rarely more on two
// shared CPUs; a just-in-time compiler or a cold allocator is off by more.
#include "harness/campaign/warmup.hpp"

#include <algorithm>

namespace tailrace::campaign {
namespace {

constexpr double spread_max = 1.1;

template <class Number>
bool within_spread(std::span<const slice_reading> slices, const Number& number) {
  double low = number(slices.front());
  double high = low;
  for (const slice_reading& each : slices) {
    low = std::min(low, number(each));
    high = std::max(high, number(each));
  }
  return low > 0 && high <= low * spread_max;
}

}  // namespace

bool is_flat(std::span<const slice_reading> slices) {
  if (slices.size() < flat_slices) return false;
  const auto last = slices.last(flat_slices);
  return within_spread(last, [](const auto& each) { return each.client.achieved_per_s; }) &&
         within_spread(last,
                       [](const auto& each) { return static_cast<double>(each.client.p50_ns); }) &&
         within_spread(last, [](const auto& each) {
           const auto n = static_cast<double>(each.client.answered);
           return n > 0 ? static_cast<double>(each.use.cpu_ns) / n : 0;
         });
}

}  // namespace tailrace::campaign
