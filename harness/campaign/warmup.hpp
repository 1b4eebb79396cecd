// SPDX-License-Identifier: MIT
// When a subject has warmed up: the last slices differ by no more than their noise in rate, median
// latency and CPU time an operation. Pure functions, any thread.
#pragma once

#include <span>

#include "harness/campaign/slice_numbers.hpp"

namespace tailrace::campaign {

inline constexpr std::size_t flat_slices = 3;

// Whether the last `flat_slices` of them lie within a tenth of each other in all three.
bool is_flat(std::span<const slice_reading> slices);

}  // namespace tailrace::campaign
