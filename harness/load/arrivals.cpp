// SPDX-License-Identifier: MIT
// See arrivals.hpp.
#include "harness/load/arrivals.hpp"

#include <algorithm>
#include <cmath>

#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

random_source phase_random(const arrivals::plan& plan, int which) {
  return random_source(scramble(plan.seed + 1) ^
                       scramble(2 * std::uint64_t{plan.thread} + static_cast<unsigned>(which) + 1));
}

}  // namespace

arrivals::arrivals(const plan& wanted) : plan_(wanted) {
  phases_[0] = make_phase(-plan_.warmup_ns, plan_.warmup_ns, 0);
  phases_[1] = make_phase(0, plan_.measured_ns, 1);
  enter(phases_[0]);
  compute_next();
}

std::uint64_t arrivals::planned(double rate_per_s, double length_s) noexcept {
  return static_cast<std::uint64_t>(std::llround(rate_per_s * length_s));
}

arrivals::phase arrivals::make_phase(std::int64_t begin_ns, std::int64_t length_ns,
                                     int which) const {
  phase made{begin_ns, length_ns, 0, 0};
  const double length_s = static_cast<double>(length_ns) / static_cast<double>(observe::ns_per_s);
  const std::uint64_t all = planned(plan_.rate_per_s, length_s);
  made.count = all / plan_.threads + (plan_.thread < all % plan_.threads ? 1 : 0);
  if (plan_.kind == arrival_kind::poisson) {
    random_source random = phase_random(plan_, which);
    for (std::uint64_t i = 0; i <= made.count; ++i)
      made.gap_sum += random.exponential();
  }
  return made;
}

void arrivals::enter(const phase&) noexcept {
  index_ = 0;
  gap_position_ = 0;
  random_ = phase_random(plan_, phase_);
}

void arrivals::advance() noexcept {
  ++index_;
  compute_next();
}

void arrivals::compute_next() noexcept {
  while (index_ >= phases_[phase_].count) {
    if (phase_ == 1) {
      next_ns_ = none;
      return;
    }
    phase_ = 1;
    enter(phases_[1]);
  }
  const phase& now = phases_[phase_];
  double share = 0;
  if (plan_.kind == arrival_kind::poisson) {
    gap_position_ += random_.exponential();
    share = gap_position_ / now.gap_sum;
  } else {
    const double nth = static_cast<double>(index_ * plan_.threads + plan_.thread);
    share = nth * static_cast<double>(observe::ns_per_s) / plan_.rate_per_s /
            static_cast<double>(now.length_ns);
  }
  const auto offset = static_cast<std::int64_t>(share * static_cast<double>(now.length_ns));
  next_ns_ = now.begin_ns + std::min(offset, now.length_ns - 1);
}

std::uint64_t arrivals::remaining() const noexcept {
  std::uint64_t left = phases_[phase_].count - std::min(index_, phases_[phase_].count);
  if (phase_ == 0) left += phases_[1].count;
  return left;
}

}  // namespace tailrace::load
