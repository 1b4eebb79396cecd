// SPDX-License-Identifier: MIT
// Ordinary least squares of a level over a count, with the 95 % interval of the slope from
// Student's t on n - 2 degrees of freedom. Pure functions. Source: any text on linear regression;
// the t quantiles are Hill's expansion checked against the printed table in the test.
#pragma once

#include <optional>
#include <span>

namespace tailrace::observe {

struct level_at {
  double count = 0.0;
  double level = 0.0;
};

struct slope_fit {
  double slope = 0.0;
  double low = 0.0;  // NaN with fewer than 3 samples: there is a slope but no interval
  double high = 0.0;
  double intercept = 0.0;
  double r2 = 0.0;
};

// nullopt with fewer than two distinct counts.
std::optional<slope_fit> fit_slope(std::span<const level_at> samples);

// The two-sided 95 % quantile of Student's t.
double student_t_975(int degrees);

}  // namespace tailrace::observe
