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

}  // namespace
}  // namespace tailrace::campaign
