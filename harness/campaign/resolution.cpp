// SPDX-License-Identifier: MIT
// See resolution.hpp.
#include "harness/campaign/resolution.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/sliced_work.hpp"
#include "harness/observe/median.hpp"
#include "harness/record/json_fields.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

// In the order in which they are told.
constexpr std::array<const char*, 4> metrics = {"CPU", "rate", "p50", "p99 of a slice"};

// Two-sided, 95 %.
double student_t(std::size_t freedom) {
  static constexpr std::array table = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                       2.306,  2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                                       2.131,  2.120, 2.110, 2.101, 2.093, 2.086};
  if (freedom <= table.size()) return table[freedom - 1];
  return 1.96 + 2.5 / static_cast<double>(freedom);  // to 0.005
}

// A rate that is offered says nothing of the server, and without one latency follows from the rate.
std::map<std::string, double> numbers_of(const json& slice, bool offered) {
  std::map<std::string, double> found;
  const auto take = [&](const char* metric, double value) {
    if (value > 0) found.emplace(metric, value);
  };
  const auto number = [&](const char* key) { return record::number_at(slice, key).value_or(0); };
  take("CPU", ratio_or_0(number("cpu_ns"), number("operations")));
  if (offered) {
    if (slice.value("client_late", false)) return found;
    take("p50", number("p50_ns"));
    take("p99 of a slice", number("p99_ns"));
  } else {
    take("rate", number("achieved_per_s"));
  }
  return found;
}

}  // namespace

std::optional<mean_ratio> mean_ratio_of(const std::vector<double>& ratios) {
  if (ratios.size() < 2) return std::nullopt;
  const auto count = static_cast<double>(ratios.size());
  double mean = 0;
  for (const double ratio : ratios)
    mean += std::log(ratio) / count;
  double squares = 0;
  for (const double ratio : ratios)
    squares += std::pow(std::log(ratio) - mean, 2);
  const double error = std::sqrt(squares / (count - 1) / count);
  return mean_ratio{.share = std::expm1(mean),
                    .half = std::expm1(student_t(ratios.size() - 1) * error)};
}

std::optional<double> resolution::typical_ratio(const by_round& rounds) {
  std::vector<double> ratios;
  for (const auto& [round, both] : rounds)
    if (both.first && both.second) ratios.push_back(*both.second / *both.first);
  if (ratios.empty()) return std::nullopt;
  return observe::median(std::move(ratios));
}

void resolution::add(const json& record) {
  const json* const who = record::member_of(record, "subject");
  const json* const at = record::member_of(record, "point");
  const auto block = record::integer_at(record, "block");
  if (who == nullptr || at == nullptr || !block || record::text_or(record, "status") != "ok")
    return;
  const std::string form = record::text_or(*who, "form");
  if (form != twin_form && form != "best") return;
  const std::string place = record::text_or(*at, "id") + " " + record::text_or(*who, "arm");
  auto& metrics_of = numbers_[record::text_or(*who, "id")];
  const bool offered = record::number_at(*at, "rate_per_s").value_or(0) > 0;
  const json* const slices = record::member_of(record, "slices");
  if (slices == nullptr || !slices->is_array()) return;
  for (const json& slice : *slices) {
    const auto round = record::integer_at(slice, "round");
    if (!round || slice.value("kept", json()) != true) continue;
    for (const auto& [metric, value] : numbers_of(slice, offered)) {
      pair& both = metrics_of[metric][place][static_cast<int>(*block)][static_cast<int>(*round)];
      (form == twin_form ? both.second : both.first) = value;
    }
  }
}

std::string resolution::text() const {
  std::vector<std::string> told;
  for (const auto& [who, metrics_of] : numbers_) {
    std::vector<std::string> parts;
    for (const char* const metric : metrics) {
      const auto places = metrics_of.find(metric);
      if (places == metrics_of.end()) continue;
      std::optional<mean_ratio> widest;
      for (const auto& [place, generations] : places->second) {
        std::vector<double> ratios;
        for (const auto& [block, rounds] : generations)
          if (const auto ratio = typical_ratio(rounds)) ratios.push_back(*ratio);
        const auto found = mean_ratio_of(ratios);
        if (found && (!widest || found->half > widest->half)) widest = found;
      }
      if (!widest) continue;
      parts.push_back(fmt::format("{} {:.1f} % ± {:.1f} %", metric, 100 * std::abs(widest->share),
                                  100 * widest->half));
    }
    if (!parts.empty())
      told.push_back(fmt::format("{} twice differs by {}", who, fmt::join(parts, ", ")));
  }
  return fmt::format("{}", fmt::join(told, "; "));
}

}  // namespace tailrace::campaign
