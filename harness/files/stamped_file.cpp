// SPDX-License-Identifier: MIT
// See stamped_file.hpp.
#include "harness/files/stamped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "harness/load/random.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::files {
namespace {

constexpr std::uint64_t chunk_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t least_free_bytes = std::uint64_t{1} << 30;
constexpr std::uint64_t looks = 64;  // at stamps of a file that is there already

// The n-th number of splitmix64.
std::uint64_t drawn(std::uint64_t seed, std::uint64_t n) {
  return load::scramble(seed + (n + 1) * 0x9e3779b97f4a7c15U);
}

// A file of this folder's, open or not, that goes away unless it is kept.
class open_file {
 public:
  open_file(std::filesystem::path path, int flags)
      : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC, 0644)) {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() {
    if (fd_ >= 0) ::close(fd_);
    if (doomed_) ::unlink(path_.c_str());
  }
  int fd() const { return fd_; }
  const std::filesystem::path& path() const { return path_; }
  void doom() { doomed_ = true; }
  void keep() { doomed_ = false; }

 private:
  std::filesystem::path path_;
  int fd_;
  bool doomed_ = false;
};

[[noreturn]] void refuse(const std::filesystem::path& what, int error) {
  throw refusal(fmt::format("{}: {}", what.string(), std::generic_category().message(error)),
                "give another folder with --files", refusal::unsupported);
}

void put_stamp(std::byte* at, std::uint64_t stamp) {
  for (std::size_t i = 0; i < 8; ++i)
    at[i] = static_cast<std::byte>(stamp >> (8 * i));
}

std::uint64_t stamp_in(const std::byte* at) {
  std::uint64_t stamp = 0;
  for (std::size_t i = 0; i < 8; ++i)
    stamp |= std::to_integer<std::uint64_t>(at[i]) << (8 * i);
  return stamp;
}

// One MiB of the file. What is not stamp is drawn too, so that no device can compress it.
void fill(std::vector<std::byte>& chunk, std::uint64_t offset, std::uint64_t seed) {
  for (std::uint64_t at = 0; at < chunk.size(); at += 8)
    put_stamp(chunk.data() + at, drawn(~seed, (offset + at) / 8));
  for (std::uint64_t at = 0; at < chunk.size(); at += stamp_spacing)
    put_stamp(chunk.data() + at, stamp_at(seed, (offset + at) / stamp_spacing));
}

bool write_whole(int fd, const std::vector<std::byte>& chunk) {
  std::size_t done = 0;
  while (done < chunk.size()) {
    const ssize_t count = ::write(fd, chunk.data() + done, chunk.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

void require_room(const std::filesystem::path& folder, std::uint64_t bytes) {
  struct statvfs space{};
  if (::statvfs(folder.c_str(), &space) != 0) refuse(folder, errno);
  const std::uint64_t free = space.f_bavail * space.f_frsize;
  const std::uint64_t spare = std::max(least_free_bytes, space.f_blocks * space.f_frsize / 20);
  if (free >= bytes + spare) return;
  throw refusal(
      fmt::format(
          "the file for file-read needs {} MiB in {}, and of the {} MiB that are free there "
          "{} MiB are left alone",
          bytes >> 20, folder.string(), free >> 20, spare >> 20),
      "make room, or give a folder on another disk with --files", refusal::unsupported);
}

bool looks_right(const stamped_file& file) {
  const open_file opened(file.path, O_RDONLY);
  if (opened.fd() < 0) return false;
  std::byte stamp[8];
  const std::uint64_t stamps = file.bytes / stamp_spacing;
  for (std::uint64_t look = 0; look < looks; ++look) {
    const std::uint64_t number = look == 0 ? stamps - 1 : drawn(look, 0) % stamps;
    const auto at = static_cast<off_t>(number * stamp_spacing);
    if (::pread(opened.fd(), stamp, sizeof stamp, at) != sizeof stamp) return false;
    if (stamp_in(stamp) != stamp_at(file.seed, number)) return false;
  }
  return true;
}

// Under another name, renamed once it is whole and on the disk.
void make(const stamped_file& file) {
  open_file part(file.path.string() + ".part", O_WRONLY | O_CREAT | O_TRUNC);
  if (part.fd() < 0) refuse(part.path(), errno);
  part.doom();
  // So that the file lies in one piece, and a full disk is found out now.
  const int no_room = ::posix_fallocate(part.fd(), 0, static_cast<off_t>(file.bytes));
  if (no_room != 0) refuse(part.path(), no_room);
  std::vector<std::byte> chunk(chunk_bytes);
  for (std::uint64_t offset = 0; offset < file.bytes; offset += chunk_bytes) {
    fill(chunk, offset, file.seed);
    if (!write_whole(part.fd(), chunk)) refuse(part.path(), errno);
  }
  if (::fsync(part.fd()) != 0) refuse(part.path(), errno);
  if (::rename(part.path().c_str(), file.path.c_str()) != 0) refuse(file.path, errno);
  part.keep();
}

// The sum of the stamps in the `block_bytes` from `offset` on.
std::uint64_t stamps_of_block(std::uint64_t seed, std::uint64_t offset, std::uint64_t block_bytes) {
  std::uint64_t sum = 0;
  for (std::uint64_t at = offset; at < offset + block_bytes; at += stamp_spacing)
    sum += stamp_at(seed, at / stamp_spacing);
  return sum;
}

}  // namespace

std::uint64_t stamp_at(std::uint64_t seed, std::uint64_t number) {
  return drawn(seed, number) >> 32;
}

std::uint64_t offset_of_read(std::uint64_t file_bytes, std::uint64_t block_bytes,
                             std::uint64_t seed, std::uint64_t number) {
  const std::uint64_t blocks = file_bytes / block_bytes;
  const auto bits = blocks < 2 ? 1U : static_cast<unsigned>(std::bit_width(blocks - 1));
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  const unsigned shift = (bits + 1) / 2;
  std::uint64_t x = number % blocks;
  do {
    x = (x + seed) & mask;
    for (const std::uint64_t odd : {0x9e3779b97f4a7c15U, 0xbf58476d1ce4e5b9U}) {
      x = (x * odd) & mask;
      x ^= x >> shift;
    }
  } while (x >= blocks);
  return x * block_bytes;
}

std::uint64_t sum_of_reads(const stamped_file& file, std::uint64_t block_bytes, std::uint64_t seed,
                           std::uint64_t reads) {
  std::uint64_t sum = 0;
  for (std::uint64_t number = 0; number < reads; ++number)
    sum += stamps_of_block(file.seed, offset_of_read(file.bytes, block_bytes, seed, number),
                           block_bytes);
  return sum;
}

stamped_file have_stamped_file(const std::filesystem::path& folder, std::uint64_t bytes,
                               std::uint64_t seed) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) refuse(folder, error.value());
  stamped_file file{folder / fmt::format("tailrace-{}-MiB-{}.stamped", bytes >> 20, seed), bytes,
                    seed};
  if (std::filesystem::file_size(file.path, error) == bytes && !error && looks_right(file))
    return file;
  require_room(folder, bytes);
  make(file);
  return file;
}

}  // namespace tailrace::files
