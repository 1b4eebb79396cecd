// SPDX-License-Identifier: MIT
#include "harness/campaign/validity.hpp"

#include <gtest/gtest.h>

namespace tailrace::campaign {
namespace {

std::string failed(bool disjoint, const std::optional<observe::phase_noise>& noise) {
  std::string names;
  for (const validity_check& each : noise_checks(disjoint, noise))
    if (!each.ok) names += each.name + " ";
  return names;
}

TEST(noise_checks, each_fails_by_its_own_cause) {
  EXPECT_EQ(failed(true, observe::phase_noise{}), "");
  EXPECT_EQ(failed(true, observe::phase_noise{.foreign_cpu_share = 0.14}), "foreign_cpu ");
  EXPECT_EQ(failed(true, observe::phase_noise{.steal_share = 0.06}), "steal ");
  EXPECT_EQ(failed(false, observe::phase_noise{}), "disjoint_cpus ");
  EXPECT_EQ(failed(true, std::nullopt), "phase_observed ");
}

TEST(validity, text_says_value_and_limit) {
  const auto text = [](double value) {
    return at_least("a", "share of the rate", value, 0.99, percent_text).text;
  };
  EXPECT_EQ(text(0.985), "share of the rate 98.50 % is below the 99.00 % limit");
  EXPECT_EQ(text(0.995), "share of the rate 99.50 % (limit 99.00 %)");
}

}  // namespace
}  // namespace tailrace::campaign
