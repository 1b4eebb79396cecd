// SPDX-License-Identifier: MIT
// tailrace-target-libuv: workers=N: N independent loops. The thread pool, which reads files, is one
// for the process; its size is an environment variable that libuv reads when the first call goes to
// the pool.
#include <cstdlib>
#include <mutex>

#include "harness/targets/workload_table.hpp"
#include "runtimes/libuv/runtime.hpp"

namespace {

using namespace tailrace;

struct options {
  libuv::style how = libuv::style::lean;
  int file_threads = 4;
};

}  // namespace

int main(int argc, char** argv) {
  using table = option_table<options>;
  target_description description{
      .id = std::string(libuv::runtime::id),
      .family = "library",
      .order = 50,
      .summary =
          "libuv: one loop a worker; for each message a buffer and a write request from "
          "malloc (guide), or a lent buffer and a write at once (lean)",
      .versions = {{"libuv", uv_version_string()}},
      .backend = "epoll",
      .timer_granularity_ns = 1'000'000,
      .forms = {{"best", {}}, {"default", {{"style", "guide"}}}},
      .needs = {{"kernel", "2.6.28"}}};
  return runtime_target_main<libuv::runtime>(
      argc, argv, std::move(description),
      table{table::choice("style", &options::how,
                          {{"lean", libuv::style::lean}, {"guide", libuv::style::guide}},
                          "guide: a buffer for each read and a request for each write, from "
                          "malloc, as in libuv's guide; lean: a lent buffer, written at once")}
          .with({"file-read"}, {table::integer("file_threads", &options::file_threads, 1, 1024,
                                               "threads of libuv's pool (UV_THREADPOOL_SIZE)")}),
      [](const options& chosen, const run_request&) {
        static std::once_flag once;
        std::call_once(once, [&] {
          ::setenv("UV_THREADPOOL_SIZE", std::to_string(chosen.file_threads).c_str(), 1);
        });
        return std::make_unique<libuv::runtime>(chosen.how);
      });
}
