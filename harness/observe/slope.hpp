// SPDX-License-Identifier: MIT
// Ordinary least squares of a level over a count, with the 95 % interval of the slope from
// Student's t on n - 2 degrees of freedom. Pure functions. Source: any text on linear regression;
// the t quantiles are Hill's expansion checked against the printed table in the test.
#pragma once

#include <optional>
#include <span>
#include <vector>

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

// Between two neighbouring counts, by the mean level at each.
struct slope_piece {
  double from = 0.0;
  double to = 0.0;
  double slope = 0.0;
};
// In the order of the counts; empty with fewer than two distinct ones.
std::vector<slope_piece> slope_pieces(std::span<const level_at> samples);
// Whether one slope says it: no piece is off it by more than `share` of it, or its levels by no
// more than `least`.
bool is_linear(const slope_fit& fit, std::span<const slope_piece> pieces, double share,
               double least);

// The two-sided 95 % quantile of Student's t.
double student_t_975(int degrees);

}  // namespace tailrace::observe
