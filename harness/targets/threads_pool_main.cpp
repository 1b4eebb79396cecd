// SPDX-License-Identifier: MIT
// tailrace-target-threads-pool: blocking calls on the threads of a bounded pool; workers=N: N
// threads that accept, each with a pool of its own.
#include "harness/targets/runtime_target.hpp"
#include "runtimes/threads/runtime.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = threads::pool_runtime::id;
  description.family = "os";
  description.summary =
      "a bounded pool of OS threads, blocking calls: a thread serves one connection until that "
      "ends, further connections wait for a free one";
  description.backend = "blocking";
  const threads::options usual;
  description.options = {
      integer_option("pool_threads", static_cast<std::int64_t>(usual.pool_threads), 1, 65'536,
                     "threads of a worker's pool, started as tasks need them"),
      choice_option("stack_kib", "default", {"default", "128", "256", "1024"},
                    "stack of each thread in KiB; default: as ulimit -s says")};
  description.forms = {{"best", {{"pool_threads", "16384"}, {"stack_kib", "128"}}},
                       {"default", {}}};
  description.needs = {{"kernel", "2.6.28"}};
  return runtime_target_main<threads::pool_runtime>(
      argc, argv, description, [](const run_request& request) {
        threads::options chosen;
        chosen.pool_threads = static_cast<std::size_t>(request.options.integer("pool_threads"));
        const std::string& stack = request.options.text("stack_kib");
        if (stack != "default") chosen.stack_kib = std::stoul(stack);
        return std::make_unique<threads::pool_runtime>(chosen);
      });
}
