// SPDX-License-Identifier: MIT
// The system calls on files, with the policy of sys.hpp: EINTR is retried, refusals are values,
// what can only be a bug of ours (EBADF, EFAULT) aborts. Any thread; each function is one system
// call unless it says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace {

// How a file is read.
struct file_access {
  // Past the page cache (O_DIRECT): memory, offset and length of each read are then multiples of
  // direct_alignment.
  bool direct = false;
};
inline constexpr std::size_t direct_alignment = 4096;

namespace sys {

// A regular file, for reading, close-on-exec; the kernel is told that reads will be at random
// places (POSIX_FADV_RANDOM), so that it reads nothing ahead. Three calls.
std::expected<descriptor, start_error> open_file(const std::string& path, file_access how);

std::uint64_t file_bytes(int fd) noexcept;

// Another descriptor of the same open file, close-on-exec; or why there is none (EMFILE).
std::expected<descriptor, int> duplicate(int fd) noexcept;

// Fewer bytes than asked for: the file ends there. Errors: EIO, ENOMEM, EINVAL (a direct read that
// is not aligned as this file system wants it), ...
io_result read_at(int fd, std::span<std::byte> into, std::uint64_t offset) noexcept;

// Only what is in the page cache: -EAGAIN where the call would have to wait for the device, or
// where the file system cannot tell; fewer bytes than asked for may also mean that (RWF_NOWAIT,
// Linux 4.14).
io_result read_cached_at(int fd, std::span<std::byte> into, std::uint64_t offset) noexcept;

// The errno of a failed read as a value; aborts on what only a bug can cause.
[[gnu::cold]] io_result refused_read(const char* call, int fd, int error) noexcept;

}  // namespace sys
}  // namespace tailrace
