// SPDX-License-Identifier: MIT
// tailrace-micro-steal: the micro benchmarks on the work-stealing runtime. With one worker it does
// without atomic read-modify-writes, unless threads outside are to spawn tasks.
#include <memory>

#include "steal/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  return micro::runtime_micro_main<steal::runtime>(
      argc, argv, {1, 2}, [](const micro::wanted& wanted) {
        steal::options chosen;
        chosen.workers = wanted.workers;
        chosen.foreign_threads = wanted.foreign_threads;
        return std::make_unique<steal::runtime>(chosen);
      });
}
