// SPDX-License-Identifier: MIT
// tailrace-target-threads: one OS thread per task, blocking calls; workers=N: N threads that
// accept. All threads stay on the CPUs of the worker that started them.
#include "harness/targets/runtime_target.hpp"
#include "runtimes/threads/runtime.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = threads::runtime::id;
  description.family = "os";
  description.summary = "one OS thread per connection and task, blocking calls";
  description.backend = "blocking";
  description.options = {choice_option("stack_kib", "default", {"default", "128", "256", "1024"},
                                       "stack of each thread in KiB; default: as ulimit -s says")};
  description.forms = {{"best", {{"stack_kib", "128"}}}, {"default", {}}};
  description.needs = {{"kernel", "2.6.28"}};
  return runtime_target_main<threads::runtime>(
      argc, argv, description, [](const run_request& request) {
        const std::string& stack = request.options.text("stack_kib");
        threads::options chosen;
        if (stack != "default") chosen.stack_kib = std::stoul(stack);
        return std::make_unique<threads::runtime>(chosen);
      });
}
