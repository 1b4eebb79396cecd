// SPDX-License-Identifier: MIT
// The subcommands that only look: list and doctor. Both print to `out`, exit 0 unless they cannot
// work at all. Main thread only.
#pragma once

#include <cstdio>
#include <string>

namespace tailrace::control {

int list_command(std::FILE* out, const std::string& targets);
int doctor_command(std::FILE* out, const std::string& targets);

// Parses the command line and runs the subcommand; the exit code. Refusals are printed here.
int tailrace_main(int argc, char** argv);

}  // namespace tailrace::control
