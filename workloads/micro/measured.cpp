// SPDX-License-Identifier: MIT
// See measured.hpp.
#include "workloads/micro/measured.hpp"

#include <cstring>

#include "workloads/micro/allocations.hpp"
#include "workloads/micro/instructions.hpp"

namespace tailrace::micro {

bool measured::batch(std::size_t operations) {
  if (phase_ == phase::before) {
    phase_ = phase::warmed;
    return true;
  }
  const bool first = phase_ == phase::warmed;
  // That was the last batch; the library would stop its clock before it says so.
  if (!first && state_.iterations() >= state_.max_iterations) instructions_end();
  // relaxed: see fail(); a failure that is not yet seen here is seen after the next batch.
  if (const int error = error_.load(std::memory_order_relaxed)) [[unlikely]]
    state_.SkipWithError(std::strerror(error));
  if (first) {
    phase_ = phase::measuring;
    allocations_before_ = allocations_so_far();
  }
  if (state_.KeepRunningBatch(static_cast<benchmark::IterationCount>(operations))) {
    if (first) instructions_begin();
    return true;
  }
  finish();
  return false;
}

void measured::finish() {
  if (!counts_allocations) return;
  const auto allocations = static_cast<double>(allocations_so_far() - allocations_before_);
  state_.counters["allocations"] = allocations / static_cast<double>(state_.iterations());
}

}  // namespace tailrace::micro
