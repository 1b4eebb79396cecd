// SPDX-License-Identifier: MIT
// See round_budget.hpp.
#include "harness/campaign/round_budget.hpp"

#include <algorithm>

namespace tailrace::campaign {
namespace {

// The stalls of a quiet machine, some milliseconds each second, stay below it; a compiler on the
// same CPU takes half. Of the round, not of its worst slice: of eleven subjects one is hit in
// nearly every round, and which one is chance.
constexpr double disturbance_max = 0.10;

}  // namespace

void recent_rounds::add(bool disturbed) {
  disturbed_ <<= 1;
  disturbed_[0] = disturbed;
  seen_ = std::min(seen_ + 1, remembered);
}

bool recent_rounds::neighbour_stays() const {
  return seen_ >= telling && 4 * disturbed_.count() >= 3 * seen_;
}

bool round_budget::keep(double taken) {
  const bool disturbed = taken > disturbance_max;
  recent_->add(disturbed);
  const bool kept = !disturbed || repeats_ == 0 || recent_->neighbour_stays();
  kept ? --missing_ : --repeats_;
  return kept;
}

}  // namespace tailrace::campaign
