// SPDX-License-Identifier: MIT
// What the page cache has of a file: asked of the kernel, brought about, and never believed. By
// cachestat(2) (Linux 6.5), else by mincore(2). Eviction is posix_fadvise(DONTNEED) after fsync,
// for which nobody needs to be root; pages that another process maps, or that the kernel has in
// hand, stay, so that the count afterwards is what matters. Any thread. Costs: some 10 us a
// gigabyte (mincore: 10 ms); warming reads the file.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

namespace tailrace::files {

struct residency {
  std::uint64_t pages = 0;     // of the file
  std::uint64_t resident = 0;  // of them in the page cache
  std::string source;          // "cachestat" or "mincore"

  double share() const {
    return pages == 0 ? 0 : static_cast<double>(resident) / static_cast<double>(pages);
  }
};

// The error is one sentence.
std::expected<residency, std::string> read_residency(const std::filesystem::path& path);
// The same without cachestat.
std::expected<residency, std::string> read_residency_by_mincore(const std::filesystem::path& path);

// Brings the whole file into the page cache, or drops it from there, as far as the kernel goes
// along; what came of it.
std::expected<residency, std::string> warm(const std::filesystem::path& path);
std::expected<residency, std::string> evict(const std::filesystem::path& path);

// What the kernel accounts to this process as read from a device (getrusage(2), ru_inblock) when it
// reads the file's first block, past the page cache or not. 0: it came from memory, or from where
// the kernel keeps no such account (tmpfs, network file systems).
std::expected<std::uint64_t, std::string> device_bytes_of_read(const std::filesystem::path& path,
                                                               bool direct);

// Where a file lies: "ext4" on "/dev/vda", as /proc/self/mountinfo tells. Where that does not, as
// in a chroot, only the file system is told. All is empty where there is no such path.
struct file_place {
  std::string filesystem;
  std::string device;
  std::string mount_options;
};
file_place place_of(const std::filesystem::path& path);

}  // namespace tailrace::files
