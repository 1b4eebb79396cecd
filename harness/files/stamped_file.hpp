// SPDX-License-Identifier: MIT
// The file that the workload file-read reads: every 4096 bytes begin with a stamp of eight bytes,
// little-endian, that follows from their place and a seed (runtimes/PROTOCOL.md, `file-read`), so
// that whoever claims to have read a place can be asked what stood there. Written here from the
// text of the contract, not with the workload's code.
//
// Kept once it is made: a gigabyte takes seconds to write, and a campaign reads it hundreds of
// times. Whoever gives the folder decides when to delete it. Never fills a disk. Any thread, one at
// a time for one folder.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tailrace::files {

inline constexpr std::uint64_t stamp_spacing = 4096;

struct stamped_file {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
  std::uint64_t seed = 0;
};

// Of the 4096 bytes from number * 4096 on; below 2^32.
std::uint64_t stamp_at(std::uint64_t seed, std::uint64_t number);

// The offset of read number `number`, and the sum of all stamps that the first `reads` reads find.
std::uint64_t offset_of_read(std::uint64_t file_bytes, std::uint64_t block_bytes,
                             std::uint64_t seed, std::uint64_t number);
std::uint64_t sum_of_reads(const stamped_file& file, std::uint64_t block_bytes, std::uint64_t seed,
                           std::uint64_t reads);

// Finds the file of that size and seed in the folder, looks at some of its stamps, or makes it
// (`bytes` is a multiple of 1 MiB). The folder is made where it is missing. At least a gigabyte and
// a twentieth of the file system stay free. Throws a refusal (unsupported) where it cannot be made.
stamped_file have_stamped_file(const std::filesystem::path& folder, std::uint64_t bytes,
                               std::uint64_t seed);

}  // namespace tailrace::files
