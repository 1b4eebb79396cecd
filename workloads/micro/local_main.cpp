// SPDX-License-Identifier: MIT
// tailrace-micro-local: the micro benchmarks on the local executor.
#include <memory>

#include "local/runtime.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  const auto make = [](unsigned) { return std::make_unique<local::runtime>(); };
  return micro::micro_main(argc, argv, local::runtime::id, {1},
                           micro::catalogue<local::runtime>(make));
}
