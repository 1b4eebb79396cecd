// SPDX-License-Identifier: MIT
// The one command. What it does is in control/command_line.cpp.
#include "harness/control/commands.hpp"

int main(int argc, char** argv) {
  return tailrace::control::tailrace_main(argc, argv);
}
