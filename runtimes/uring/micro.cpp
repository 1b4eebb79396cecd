// SPDX-License-Identifier: MIT
// tailrace-micro-uring: the micro benchmarks on the io_uring runtime, which has one worker. Where
// io_uring is refused it says why, and has no rows.
#include <cstdio>
#include <memory>

#include "runtimes/uring/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  if (const auto possible = uring::check_available(); !possible) {
    std::fprintf(stderr, "tailrace-micro-uring: no rows: %s\n",
                 possible.error().sentence().c_str());
    return 0;
  }
  return micro::runtime_micro_main<uring::runtime>(
      argc, argv, {1}, [](const micro::wanted&) { return std::make_unique<uring::runtime>(); });
}
