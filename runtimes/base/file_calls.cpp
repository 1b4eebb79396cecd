// SPDX-License-Identifier: MIT
#include "runtimes/base/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>

namespace tailrace::sys {
namespace {

std::unexpected<start_error> refused_file(const std::string& path, int error, const char* why) {
  return std::unexpected(start_error{error, "open " + path + ": " + why});
}

std::unexpected<start_error> refused_open(const std::string& path, file_access how, int error) {
  if (error == EINVAL && how.direct)
    return refused_file(path, error,
                        "this file system has no O_DIRECT: put the file on a disk's file system");
  if (error == EMFILE)
    return refused_file(path, error, "EMFILE; raise the open-file limit (ulimit -n)");
  return refused_file(path, error, errno_name(error).c_str());
}

}  // namespace

std::expected<descriptor, start_error> open_file(const std::string& path, file_access how) {
  const int flags = O_RDONLY | O_CLOEXEC | (how.direct ? O_DIRECT : 0);
  const int fd = ::open(path.c_str(), flags);
  if (fd < 0) return refused_open(path, how, errno);
  descriptor file(fd);
  struct stat status{};
  if (::fstat(fd, &status) != 0) die("fstat", fd, errno);
  if (!S_ISREG(status.st_mode)) return refused_file(path, EINVAL, "it is not a regular file");
  // Advice: a file system that does not take it reads ahead, which residency checks show.
  static_cast<void>(::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
  return file;
}

std::uint64_t file_bytes(int fd) noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0) die("fstat", fd, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

std::expected<descriptor, int> duplicate(int fd) noexcept {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy >= 0) return descriptor(copy);
  if (errno != EMFILE) die("fcntl", fd, errno);
  return std::unexpected(EMFILE);
}

io_result refused_read(const char* call, int fd, int error) noexcept {
  switch (error) {
    case EBADF:
    case EFAULT:
    case ESPIPE:
      die(call, fd, error);
    default:
      return io_result::of_error(error);
  }
}

io_result read_at(int fd, std::span<std::byte> into, std::uint64_t offset) noexcept {
  for (;;) {
    const long count =
        kernel_call(SYS_pread64, fd, into.data(), into.size(), static_cast<long>(offset));
    if (count >= 0) [[likely]]
      return io_result::of_count(static_cast<std::size_t>(count));
    if (count != -EINTR) return refused_read("pread", fd, static_cast<int>(-count));
  }
}

io_result read_cached_at(int fd, std::span<std::byte> into, std::uint64_t offset) noexcept {
  const iovec where{into.data(), into.size()};
  for (;;) {
    const ssize_t count = ::preadv2(fd, &where, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (count >= 0) [[likely]]
      return io_result::of_count(static_cast<std::size_t>(count));
    // No such file system, kernel or (EPERM: a container's filter that does not know it) call.
    if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM)
      return io_result::of_error(EAGAIN);
    if (errno != EINTR) return refused_read("preadv2", fd, errno);
  }
}

}  // namespace tailrace::sys
