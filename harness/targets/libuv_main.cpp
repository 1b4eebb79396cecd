// SPDX-License-Identifier: MIT
// tailrace-target-libuv: libuv's loop with coroutines on top; workers=N: N independent loops.
#include "harness/targets/runtime_target.hpp"
#include "libuv/runtime.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = libuv::runtime::id;
  description.family = "library";
  description.summary =
      "libuv: one loop a worker, read callbacks, write at once and queue the rest";
  description.versions = {{"libuv", uv_version_string()}};
  description.backend = "epoll";
  description.needs = {{"kernel", "2.6.28"}};
  return runtime_target_main<libuv::runtime>(argc, argv, description, [](const run_request&) {
    return std::make_unique<libuv::runtime>();
  });
}
