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

// Tasks without a thread do other things than were asked for: the machine is named, not they.
TEST(cell, whose_target_got_no_threads_blames_the_machine) {
  nlohmann::json record = {{"cause", nullptr}, {"memory", nullptr}};
  record["target"]["result"]["metrics"]["refused_threads"] = 3;
  judge(record, {"tasks of the target woke early"}, {});
  EXPECT_EQ(record["status"], "failed");
  EXPECT_NE(record["cause"].get<std::string>().find("the machine refused 3 threads"),
            std::string::npos);
  EXPECT_TRUE(record.contains("remedy"));
  record["target"]["result"]["metrics"]["refused_threads"] = 0;
  judge(record, {}, {});
  EXPECT_EQ(record["status"], "ok");
}

class many_connections : public throwing_work {
 public:
  std::int64_t connections() const override { return 1'000'000'000; }
};

TEST(cell, with_more_connections_than_fit_is_skipped_with_the_limit_named) {
  const point at = {"many", "throwing", "echo", 0, 0, {}, std::make_shared<many_connections>()};
  contestant program = {"a", "/bin/true", "", {}};
  program.about.available = true;
  program.about.workloads = {"echo"};
  const auto record = run_cell({{}, at, {"a", "os", 70, "best", {}, 1}, program, {}});
  EXPECT_EQ(record.at("status"), "skipped");
  EXPECT_NE(record.at("cause").get<std::string>().find("and RLIMIT_NOFILE allows"),
            std::string::npos);
}

}  // namespace
}  // namespace tailrace::campaign
