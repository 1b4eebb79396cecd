// SPDX-License-Identifier: MIT
// The one command. What it does is in command_line.cpp.
#include "harness/cli/commands.hpp"

int main(int argc, char** argv) {
  return tailrace::cli::tailrace_main(argc, argv);
}
