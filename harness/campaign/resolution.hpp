// SPDX-License-Identifier: MIT
// The resolution of a campaign while it runs: how far the two measurements of the subject that is
// measured twice (profile::twin) are apart. One log ratio a generation, that of the round in the
// middle; their mean, and ± half the 95 % interval of Student's t. Of the points that have a metric
// the one with the widest interval is told. A first impression: the report has intervals that
// assume less, and leaves out what a failed check spoils (reports/tailrace_report/stats.py,
// twin.py). One thread.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::campaign {

struct mean_ratio {
  double share = 0;  // by which the second is above the first; may be below 0
  double half = 0;   // half the interval, as a share
};

// Of ratios above 0, one a generation; none below two.
std::optional<mean_ratio> mean_ratio_of(const std::vector<double>& ratios);

class resolution {
 public:
  // One finished cell; those of other subjects and those that are not ok count nothing.
  void add(const nlohmann::json& record);
  // "local twice differs by CPU 0.4 % ± 1.1 %, rate 0.2 % ± 0.9 %"; empty below two generations
  // that have both.
  std::string text() const;

 private:
  struct pair {
    std::optional<double> first;
    std::optional<double> second;
  };
  using by_round = std::map<int, pair>;
  using by_generation = std::map<int, by_round>;

  static std::optional<double> typical_ratio(const by_round& rounds);

  // By contestant, metric and point (and arm).
  std::map<std::string, std::map<std::string, std::map<std::string, by_generation>>> numbers_;
};

}  // namespace tailrace::campaign
