// SPDX-License-Identifier: MIT
// The words of the command `tailrace` that this folder knows itself. Each parses its own options,
// prints to standard output and returns the exit code; argv[0] is its name. What cannot be is a
// refusal, printed by main(). Main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

namespace tailrace::cli {

int run_command(int argc, char** argv);
int list_command(int argc, char** argv);
int doctor_command(int argc, char** argv);
int file_command(int argc, char** argv);
int selftest_command(int argc, char** argv);

// The exit code where there is nothing more to do (help was printed); refuses what does not parse.
std::optional<int> parse(CLI::App& app, int argc, char** argv);

// `--targets FOLDER`, as several commands have it.
CLI::Option* add_targets_option(CLI::App& app, std::string& folder);

}  // namespace tailrace::cli
