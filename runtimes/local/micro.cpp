// SPDX-License-Identifier: MIT
// tailrace-micro-local: the micro benchmarks on the local executor, which has one worker.
#include <memory>

#include "runtimes/local/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  return micro::runtime_micro_main<local::runtime>(
      argc, argv, {1}, [](const micro::wanted&) { return std::make_unique<local::runtime>(); });
}
