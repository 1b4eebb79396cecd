// SPDX-License-Identifier: MIT
// See slope.hpp.
#include "harness/observe/slope.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace tailrace::observe {

double student_t_975(int degrees) {
  // The expansion below is off by more than 0.1 % under 5 degrees: those are tabled.
  constexpr std::array tabled = {12.7062047, 4.3026527, 3.1824463, 2.7764451};
  if (degrees < 1) return std::numeric_limits<double>::quiet_NaN();
  if (degrees <= static_cast<int>(tabled.size())) {
    return tabled[static_cast<std::size_t>(degrees - 1)];
  }
  // Cornish-Fisher expansion around the normal quantile (Abramowitz and Stegun 26.7.5).
  const double x = 1.959963984540054;
  const double n = degrees;
  const double x3 = x * x * x;
  const double x5 = x3 * x * x;
  const double x7 = x5 * x * x;
  const double g1 = (x3 + x) / 4;
  const double g2 = (5 * x5 + 16 * x3 + 3 * x) / 96;
  const double g3 = (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384;
  return x + g1 / n + g2 / (n * n) + g3 / (n * n * n);
}

std::optional<slope_fit> fit_slope(std::span<const level_at> samples) {
  const auto n = static_cast<double>(samples.size());
  if (samples.size() < 2) return std::nullopt;
  double mean_x = 0;
  double mean_y = 0;
  for (const level_at& each : samples) {
    mean_x += each.count / n;
    mean_y += each.level / n;
  }
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const level_at& each : samples) {
    xx += (each.count - mean_x) * (each.count - mean_x);
    xy += (each.count - mean_x) * (each.level - mean_y);
    yy += (each.level - mean_y) * (each.level - mean_y);
  }
  if (xx <= 0) return std::nullopt;
  slope_fit fit;
  fit.slope = xy / xx;
  fit.intercept = mean_y - fit.slope * mean_x;
  double residual = 0;
  for (const level_at& each : samples) {
    const double error = each.level - fit.intercept - fit.slope * each.count;
    residual += error * error;
  }
  fit.r2 = yy > 0 ? 1 - residual / yy : 1;
  const int degrees = static_cast<int>(samples.size()) - 2;
  const double half = degrees < 1 ? std::numeric_limits<double>::quiet_NaN()
                                  : student_t_975(degrees) * std::sqrt(residual / degrees / xx);
  fit.low = fit.slope - half;
  fit.high = fit.slope + half;
  return fit;
}

std::vector<slope_piece> slope_pieces(std::span<const level_at> samples) {
  struct sum {
    double level = 0;
    double samples = 0;
  };
  std::map<double, sum> at;
  for (const level_at& each : samples) {
    at[each.count].level += each.level;
    at[each.count].samples += 1;
  }
  std::vector<slope_piece> pieces;
  const sum* before = nullptr;
  double from = 0;
  for (const auto& [count, levels] : at) {
    if (before != nullptr) {
      const double rise = levels.level / levels.samples - before->level / before->samples;
      pieces.push_back({from, count, rise / (count - from)});
    }
    before = &levels;
    from = count;
  }
  return pieces;
}

bool is_linear(const slope_fit& fit, std::span<const slope_piece> pieces, double share,
               double least) {
  return std::ranges::all_of(pieces, [&](const slope_piece& each) {
    const double off = std::abs(each.slope - fit.slope);
    return off <= share * std::abs(fit.slope) || off * (each.to - each.from) <= least;
  });
}

}  // namespace tailrace::observe
