// SPDX-License-Identifier: MIT
// tailrace-micro-uring: the micro benchmarks on the io_uring runtime, which has one worker.
#include <memory>

#include "uring/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  return micro::runtime_micro_main<uring::runtime>(
      argc, argv, {1}, [](const micro::wanted&) { return std::make_unique<uring::runtime>(); });
}
