// SPDX-License-Identifier: MIT
// What a cell's record says when its work goes wrong.
#include "harness/campaign/cell_run.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace tailrace::campaign {
namespace {

class throwing_work : public point_work {
 public:
  std::string derived_id() const override { return "throws"; }
  nlohmann::json json() const override { return nlohmann::json::object(); }
  double expected_s() const override { return 0; }
  void run(const cell_context&, nlohmann::json&) const override {
    throw std::runtime_error("no more memory");
  }
};

TEST(cell, whatever_its_work_throws_is_its_cause) {
  const point at = {"throws", "throwing", "echo", 0, 0, {}, std::make_shared<throwing_work>()};
  contestant program = {"a", "/bin/true", "", {}};
  program.about.available = true;
  program.about.workloads = {"echo"};
  const subject who = {"a", "os", 70, "best", {}, 1};
  const auto record = run_cell({{}, at, who, program, {}});
  EXPECT_EQ(record.at("status"), "failed");
  EXPECT_EQ(record.at("cause"), "no more memory");
}

TEST(cell, is_judged_by_its_checks_and_by_what_it_measured) {
  const validity_check late = {"send_lateness", false, 2, 1, "late"};
  const validity_check less = {"achieved_rate", false, 2, 1, "less"};
  const validity_check drift = {"user_memory_drift", false, 2, 1, "drift"};
  const auto judged = [](const std::vector<std::string>& faults,
                         const std::vector<validity_check>& checks, bool memory = false) {
    nlohmann::json record = {{"cause", nullptr}, {"memory", nullptr}};
    if (memory) record["memory"] = nlohmann::json::object();
    judge(record, faults, checks);
    return record["status"].get<std::string>() + ": " + record["cause"].dump();
  };
  EXPECT_EQ(judged({}, {}), "ok: null");
  EXPECT_EQ(judged({}, {late}), R"(ok: "late")");
  EXPECT_EQ(judged({}, {less}), R"(overloaded: "less")");
  EXPECT_EQ(judged({}, {less, late}), R"(invalid: "less; late")");
  const validity_check kernel = {"kernel_memory_drift", true, 1, 2, "little"};
  EXPECT_EQ(judged({}, {drift, kernel}, true), R"(ok: "drift")");
  EXPECT_EQ(judged({}, {drift}, true), R"(invalid: "drift")") << "nothing else was measured";
  EXPECT_EQ(judged({"died"}, {less}), R"(failed: "died")");
}

}  // namespace
}  // namespace tailrace::campaign
