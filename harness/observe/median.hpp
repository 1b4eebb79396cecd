// SPDX-License-Identifier: MIT
// The value in the middle. Pure, any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tailrace::observe {

// values: at least one. Of an even number the larger of the two in the middle.
inline double upper_median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// values: at least one. Of an even number the mean of the two in the middle, as in the report.
inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace tailrace::observe
