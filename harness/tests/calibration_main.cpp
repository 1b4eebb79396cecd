// SPDX-License-Identifier: MIT
// tailrace-target-calibration: servers of known behaviour that the harness must measure as known,
// and hostile ones that it must survive (`--set behaviour=...`).
#include "harness/tests/scripted_target.hpp"
#include "harness/tests/scripts.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = "calibration";
  description.family = "floor";
  description.order = 901;
  description.summary = "servers of known and of hostile behaviour, to test the harness with";
  description.backend = "epoll";
  description.workloads = {"echo"};
  description.options = scripted::calibration_options();
  description.needs = {{"kernel", "5.11"}};
  return target_main(argc, argv, description, [](const run_request&) {
    return std::make_unique<scripted::scripted_target>(scripted::make_calibration);
  });
}
