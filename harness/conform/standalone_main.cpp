// SPDX-License-Identifier: MIT
// tailrace-conform: conform_main() alone, for whoever checks a target without the whole harness.
#include "harness/conform/conform_main.hpp"

int main(int argc, char** argv) {
  return tailrace::conform_main(argc, argv);
}
