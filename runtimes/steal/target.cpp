// SPDX-License-Identifier: MIT
// tailrace-target-steal: workers=N: one runtime, N workers.
#include "harness/targets/workload_table.hpp"
#include "runtimes/steal/runtime.hpp"
#include "runtimes/steal/target_options.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description{
      .id = std::string(steal::runtime::id),
      .family = "in-house",
      .order = 31,
      .summary = "work-stealing runtime over epoll; workers=N: N threads that share all tasks",
      .backend = "epoll",
      .timer_granularity_ns = 1,
      .one_worker = "nothing is stolen, for there is no other worker",
      .needs = {{"kernel", "2.6.28"}}};
  return runtime_target_main<steal::runtime>(
      argc, argv, std::move(description), steal::named_options(),
      [](steal::options chosen, const run_request& request) {
        chosen.workers = static_cast<std::uint32_t>(request.workers);
        chosen.on_worker_start = [cpus = request.cpus, workers = request.workers](auto index) {
          pin_worker(cpus, workers, static_cast<int>(index));
        };
        return std::make_unique<steal::runtime>(chosen);
      });
}
