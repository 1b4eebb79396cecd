// SPDX-License-Identifier: MIT
// The subcommands beside run: list, doctor and file. All print to `out`, exit 0 unless they cannot
// work at all. Main thread only.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace tailrace::cli {

int list_command(std::FILE* out, const std::string& targets);
int doctor_command(std::FILE* out, const std::string& targets);

// `tailrace file`: makes or finds the stamped file of file-read, brings it into the page cache or
// out of it where asked, and prints one JSON object about it.
struct file_options {
  std::string folder = "results/.files";
  std::uint32_t mib = 256;
  std::uint64_t stamp_seed = 1;
  std::string cache;  // "warm", "cold" or empty: as it is
};
int file_command(std::FILE* out, const file_options& options);

// Parses the command line and runs the subcommand; the exit code. Refusals are printed here.
int tailrace_main(int argc, char** argv);

}  // namespace tailrace::cli
