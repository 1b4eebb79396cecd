// SPDX-License-Identifier: MIT
#include "harness/campaign/validity.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

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
  EXPECT_EQ(failed(true, observe::phase_noise{.throttled_share = 0.02}), "throttled ");
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

validity_check failing(const char* name) {
  return {name, false, 2, 1, name};
}

constexpr metric_set of_load = metric_latency | metric_rate | metric_cpu;
constexpr metric_set of_memory = metric_user_memory | metric_kernel_memory;

TEST(status, a_check_takes_no_more_than_it_spoils) {
  EXPECT_STREQ(status_of({}, of_load), "ok");
  EXPECT_STREQ(status_of({failing("send_lateness")}, of_load), "ok");
  EXPECT_STREQ(status_of({failing("client_headroom")}, of_load), "ok");
  EXPECT_STREQ(status_of({failing("disjoint_cpus")}, of_load), "invalid");
  EXPECT_STREQ(status_of({failing("kernel_memory_drift")}, of_memory), "ok");
  EXPECT_STREQ(status_of({failing("kernel_memory_drift"), failing("user_memory_drift")}, of_memory),
               "invalid");
}

TEST(status, less_than_was_offered_is_a_result_only_where_nothing_else_is_to_blame) {
  EXPECT_STREQ(status_of({failing("achieved_rate")}, of_load), "overloaded");
  for (const char* const other : {"send_lateness", "disjoint_cpus"})
    EXPECT_STREQ(status_of({failing("achieved_rate"), failing(other)}, of_load), "invalid");
}

TEST(validity, the_record_says_what_each_check_spoils) {
  const nlohmann::json list = validity_json({failing("client_headroom"), failing("steal")});
  EXPECT_EQ(list[0]["spoils"], nlohmann::json({"latency", "rate"}));
  EXPECT_EQ(list[1]["spoils"], nlohmann::json({"latency", "rate", "cpu"}));
  EXPECT_THROW(spoiled_by("moon_phase"), std::logic_error);
}

}  // namespace
}  // namespace tailrace::campaign
