// SPDX-License-Identifier: MIT
// When a subject has warmed up: it gets no better any more, in rate, median latency and CPU time an
// operation. Noise that makes slices worse does not prolong it. Pure functions, any thread.
#pragma once

#include <span>

#include "harness/campaign/slice_numbers.hpp"

namespace tailrace::campaign {

inline constexpr std::size_t newest_slices = 2;

// Whether the newest slices, after at least one other, are not better than the best of those before
// by more than a twentieth, in none of the three.
bool is_flat(std::span<const slice_reading> slices);

}  // namespace tailrace::campaign
