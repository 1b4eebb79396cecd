// SPDX-License-Identifier: MIT
// tailrace-target-libuv: libuv's loop with coroutines on top; workers=N: N independent loops. Its
// thread pool, which reads files, is one for the process; its size is an environment variable.
#include <cstdlib>
#include <mutex>

#include "harness/targets/runtime_target.hpp"
#include "runtimes/libuv/runtime.hpp"

namespace {

// libuv looks when the first call goes to the pool.
void set_pool_size(const tailrace::option_values& options) {
  static std::once_flag once;
  if (!options.has("file_threads")) return;
  std::call_once(once,
                 [&] { ::setenv("UV_THREADPOOL_SIZE", options.text("file_threads").c_str(), 1); });
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = libuv::runtime::id;
  description.family = "library";
  description.summary =
      "libuv: one loop a worker, read callbacks, write at once and queue the rest";
  description.versions = {{"libuv", uv_version_string()}};
  description.backend = "epoll";
  option_spec threads =
      integer_option("file_threads", 4, 1, 1024, "threads of libuv's pool (UV_THREADPOOL_SIZE)");
  threads.workloads = {"file-read"};
  description.options = {threads};
  description.needs = {{"kernel", "2.6.28"}};
  return runtime_target_main<libuv::runtime>(argc, argv, description,
                                             [](const run_request& request) {
                                               set_pool_size(request.options);
                                               return std::make_unique<libuv::runtime>();
                                             });
}
