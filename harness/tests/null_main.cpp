// SPDX-License-Identifier: MIT
// tailrace-target-null: the server that replies as fast as it can, to find a client's ceiling.
// `--set mode=http` lets HTTP clients such as wrk drive it.
#include "harness/tests/scripted_target.hpp"
#include "harness/tests/scripts.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = "null";
  description.family = "floor";
  description.order = 900;
  description.summary = "replies as fast as it can, to find a client's ceiling";
  description.backend = "epoll";
  description.workloads = {"echo"};
  description.options = {scripted::null_mode_option()};
  description.needs = {{"kernel", "5.11"}};
  return target_main(argc, argv, description, [](const run_request&) {
    return std::make_unique<scripted::scripted_target>(
        [](const option_values& options) { return scripted::make_null(options.text("mode")); });
  });
}
