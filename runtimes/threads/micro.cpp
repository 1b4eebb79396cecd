// SPDX-License-Identifier: MIT
// tailrace-micro-threads: the micro benchmarks with a thread a task. It has no workers: workers:N
// is meant to be run on N CPUs.
#include <memory>

#include "runtimes/threads/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  return micro::runtime_micro_main<threads::runtime>(argc, argv, {1, 2}, [](const micro::wanted&) {
    return std::make_unique<threads::runtime>();
  });
}
