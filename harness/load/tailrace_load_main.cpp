// SPDX-License-Identifier: MIT
// The load generator as an executable of its own.
#include "harness/load/load_main.hpp"

int main(int argc, char** argv) {
  return tailrace::load::load_main(argc, argv);
}
