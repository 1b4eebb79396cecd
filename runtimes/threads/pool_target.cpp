// SPDX-License-Identifier: MIT
// tailrace-target-threads-pool: workers=N: N threads that accept, each with a pool of its own.
#include "harness/targets/workload_table.hpp"
#include "runtimes/threads/runtime.hpp"
#include "runtimes/threads/target_options.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  using table = option_table<threads::options>;
  target_description description{
      .id = std::string(threads::pool_runtime::id),
      .family = "os",
      .order = 71,
      .summary =
          "a bounded pool of OS threads, blocking calls: a thread serves one connection until that "
          "ends, further connections wait for a free one",
      .backend = "blocking",
      .timer_granularity_ns = 1,
      .forms = {{"best", {{"pool_threads", "16384"}, {"stack_kib", "128"}}}, {"default", {}}},
      .needs = {{"kernel", "2.6.28"}}};
  return runtime_target_main<threads::pool_runtime>(
      argc, argv, std::move(description),
      table{table::integer("pool_threads", &threads::options::pool_threads, 1, 65'536,
                           "threads of a worker's pool, started as tasks need them"),
            threads::stack_option()},
      [](const threads::options& chosen, const run_request&) {
        return std::make_unique<threads::pool_runtime>(chosen);
      });
}
