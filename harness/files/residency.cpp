// SPDX-License-Identifier: MIT
// See residency.hpp.
#include "harness/files/residency.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace tailrace::files {
namespace {

// linux/mman.h of 6.5; the number is the same on every architecture (451).
constexpr long cachestat_number = 451;
struct cachestat_range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // 0: to the end
};
struct cachestat_counts {
  std::uint64_t cached = 0;
  std::uint64_t dirty = 0;
  std::uint64_t writeback = 0;
  std::uint64_t evicted = 0;
  std::uint64_t recently_evicted = 0;
};

constexpr int tries = 20;
constexpr std::size_t chunk_bytes = 1 << 20;

class file_of {
 public:
  explicit file_of(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  file_of(const file_of&) = delete;
  file_of& operator=(const file_of&) = delete;
  ~file_of() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  std::uint64_t bytes() const {
    struct stat status{};
    return fd_ >= 0 && ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

 private:
  int fd_;
};

std::unexpected<std::string> refused(const char* call, const std::filesystem::path& path) {
  return std::unexpected(
      fmt::format("{} {}: {}", call, path.string(), std::generic_category().message(errno)));
}

std::uint64_t page_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t pages_of(std::uint64_t bytes) {
  return (bytes + page_bytes() - 1) / page_bytes();
}

std::expected<residency, std::string> ask_mincore(const file_of& file,
                                                  const std::filesystem::path& path) {
  const std::uint64_t bytes = file.bytes();
  residency found{pages_of(bytes), 0, "mincore"};
  if (bytes == 0) return found;
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (mapped == MAP_FAILED) return refused("mmap", path);
  std::vector<unsigned char> in_core(found.pages);
  const int failed = ::mincore(mapped, bytes, in_core.data());
  if (failed == 0)
    found.resident = static_cast<std::uint64_t>(
        std::ranges::count_if(in_core, [](unsigned char page) { return (page & 1) != 0; }));
  ::munmap(mapped, bytes);
  if (failed != 0) return refused("mincore", path);
  return found;
}

// Nothing where this kernel has no cachestat, or refuses it for this file system.
std::expected<residency, std::string> ask(const file_of& file, const std::filesystem::path& path) {
  if (file.fd() < 0) return refused("open", path);
  const cachestat_range whole;
  cachestat_counts counts;
  if (::syscall(cachestat_number, file.fd(), &whole, &counts, 0) != 0)
    return ask_mincore(file, path);
  return residency{pages_of(file.bytes()), counts.cached, "cachestat"};
}

// For where the table of mounts shows nothing: in a chroot, for one.
std::string filesystem_by_number(const std::filesystem::path& path) {
  struct statfs status{};
  if (::statfs(path.c_str(), &status) != 0) return {};
  constexpr std::pair<std::uint32_t, const char*> known[] = {
      {EXT4_SUPER_MAGIC, "ext4"}, {XFS_SUPER_MAGIC, "xfs"},           {BTRFS_SUPER_MAGIC, "btrfs"},
      {TMPFS_MAGIC, "tmpfs"},     {OVERLAYFS_SUPER_MAGIC, "overlay"}, {NFS_SUPER_MAGIC, "nfs"}};
  const auto number = static_cast<std::uint32_t>(status.f_type);
  for (const auto& [magic, name] : known)
    if (magic == number) return name;
  return fmt::format("{:#x}", number);
}

}  // namespace

std::expected<residency, std::string> read_residency(const std::filesystem::path& path) {
  return ask(file_of(path), path);
}

std::expected<residency, std::string> read_residency_by_mincore(const std::filesystem::path& path) {
  const file_of file(path);
  if (file.fd() < 0) return refused("open", path);
  return ask_mincore(file, path);
}

std::expected<residency, std::string> warm(const std::filesystem::path& path) {
  const file_of file(path);
  std::vector<char> chunk(chunk_bytes);
  for (int attempt = 0;; ++attempt) {
    auto found = ask(file, path);
    if (!found || found->resident >= found->pages || attempt == 3) return found;
    for (std::uint64_t at = 0; at < file.bytes(); at += chunk.size())
      if (::pread(file.fd(), chunk.data(), chunk.size(), static_cast<off_t>(at)) < 0)
        return refused("read", path);
  }
}

std::expected<residency, std::string> evict(const std::filesystem::path& path) {
  const file_of file(path);
  if (file.fd() < 0) return refused("open", path);
  if (::fsync(file.fd()) != 0) return refused("fsync", path);
  for (int attempt = 0;; ++attempt) {
    ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
    auto found = ask(file, path);
    if (!found || found->resident == 0 || attempt == tries) return found;
    // Pages that are on their way to or from a list of the kernel's are let go a little later.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::expected<std::uint64_t, std::string> device_bytes_of_read(const std::filesystem::path& path,
                                                               bool direct) {
  constexpr std::size_t block = 4096;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
  if (fd < 0) return refused(direct ? "open with O_DIRECT" : "open", path);
  static_cast<void>(::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
  alignas(block) std::array<char, block> into{};
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_THREAD, &before);
  const ssize_t count = ::pread(fd, into.data(), into.size(), 0);
  ::getrusage(RUSAGE_THREAD, &after);
  ::close(fd);
  if (count < 0) return refused("read", path);
  return static_cast<std::uint64_t>(after.ru_inblock - before.ru_inblock) * 512;
}

file_place place_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  const std::string device = fmt::format("{}:{}", ::major(status.st_dev), ::minor(status.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id, parent, number, root, point, options, word;
    fields >> id >> parent >> number >> root >> point >> options;
    if (number != device) continue;
    while (fields >> word && word != "-") {
    }
    file_place place;
    fields >> place.filesystem >> place.device;
    place.mount_options = options;
    return place;
  }
  file_place place;
  place.filesystem = filesystem_by_number(path);
  return place;
}

}  // namespace tailrace::files
