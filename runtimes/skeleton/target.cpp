// SPDX-License-Identifier: MIT
// tailrace-target-skeleton: what `describe` says of the runtime. An option would be a row of the
// table, which sets a member of a struct; see runtimes/local/target.cpp.
#include "harness/targets/workload_table.hpp"
#include "runtimes/skeleton/runtime.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  struct no_options {};
  target_description description{
      .id = std::string(skeleton::runtime::id),
      .family = "in-house",
      .order = 950,
      .summary = "the smallest runtime that conforms, to be copied; workers=N: N loops",
      .backend = "epoll",
      .timer_granularity_ns = 1,
      .needs = {{"kernel", "2.6.28"}}};
  return runtime_target_main<skeleton::runtime>(
      argc, argv, std::move(description), option_table<no_options>{},
      [](const no_options&, const run_request&) { return std::make_unique<skeleton::runtime>(); });
}
