// SPDX-License-Identifier: MIT
// tailrace-target-threads: workers=N: N threads that accept. All threads stay on the CPUs of the
// worker that started them.
#include "harness/targets/workload_table.hpp"
#include "runtimes/threads/runtime.hpp"
#include "runtimes/threads/target_options.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description{.id = std::string(threads::runtime::id),
                                 .family = "os",
                                 .order = 70,
                                 .summary = "one OS thread per connection and task, blocking calls",
                                 .backend = "blocking",
                                 .timer_granularity_ns = 1,
                                 .forms = {{"best", {{"stack_kib", "128"}}}, {"default", {}}},
                                 .needs = {{"kernel", "2.6.28"}}};
  return runtime_target_main<threads::runtime>(
      argc, argv, std::move(description), option_table<threads::options>{threads::stack_option()},
      [](const threads::options& chosen, const run_request&) {
        return std::make_unique<threads::runtime>(chosen);
      });
}
