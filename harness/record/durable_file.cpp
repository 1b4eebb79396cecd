// SPDX-License-Identifier: MIT
// See durable_file.hpp.
#include "harness/record/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "harness/record/refusal.hpp"

namespace tailrace::record {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const char* act, const fs::path& path, int error) {
  throw refusal(fmt::format("cannot {} {}: {}", act, path.string(), std::strerror(error)));
}

// 0, or the errno of the first call that failed.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);  // some file systems refuse it for folders; the rename is still atomic
  ::close(fd);
}

}  // namespace

void write_whole(const fs::path& path, std::string_view content) {
  const fs::path draft = path.string() + ".draft";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) refuse("write", path, errno);
  const int error = write_all(fd, content);
  ::close(fd);
  if (error == 0 && ::rename(draft.c_str(), path.c_str()) == 0)
    return sync_folder(path.parent_path());
  const int cause = error != 0 ? error : errno;
  ::unlink(draft.c_str());
  refuse("write", path, cause);
}

std::string read_whole(const fs::path& path, std::size_t bytes_max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw refusal(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  std::string content;
  char piece[65536];
  int error = 0;
  for (;;) {
    const ssize_t count = ::read(fd, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) error = errno;
    if (count <= 0) break;
    content.append(piece, static_cast<std::size_t>(count));
    if (content.size() > bytes_max) break;
  }
  ::close(fd);
  if (error != 0) {
    throw refusal(fmt::format("cannot read {}: {}", path.string(), std::strerror(error)));
  }
  if (content.size() > bytes_max) {
    throw refusal(fmt::format("{} is longer than {} bytes, so it is not what it should be",
                              path.string(), bytes_max));
  }
  return content;
}

void replace_link(const fs::path& link, const fs::path& target) {
  const fs::path draft = link.string() + ".draft";
  ::unlink(draft.c_str());
  if (::symlink(target.c_str(), draft.c_str()) != 0) refuse("make the link", link, errno);
  if (::rename(draft.c_str(), link.c_str()) != 0) {
    const int error = errno;
    ::unlink(draft.c_str());
    refuse("make the link", link, error);
  }
}

namespace {

// A child that its parent has forked and that has not yet called exec() holds the parent's lock for
// a moment after the parent was killed: hence a refusal only after a second.
bool locked_by_another(int fd) {
  constexpr int tries = 50;
  const std::timespec pause{0, 20'000'000};
  for (int i = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i) {
    if (i == tries) return true;
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

}  // namespace

line_file::line_file(fs::path path) : path_(std::move(path)) {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) refuse("write", path_, errno);
  if (locked_by_another(fd_)) {
    ::close(fd_);
    throw refusal(fmt::format("{} is being written by another process", path_.string()),
                  "wait until it has ended, or end it");
  }
  size_ = ::lseek(fd_, 0, SEEK_END);
  char last = '\n';
  while (size_ > 0 && ::pread(fd_, &last, 1, size_ - 1) == 1 && last != '\n')
    --size_;
  if (::ftruncate(fd_, size_) != 0 || ::lseek(fd_, size_, SEEK_SET) != size_) {
    const int error = errno;
    ::close(fd_);
    refuse("write", path_, error);
  }
}

line_file::~line_file() {
  ::close(fd_);
}

void line_file::append(const std::vector<std::string>& lines) {
  std::string whole;
  for (const std::string& line : lines)
    whole += line + '\n';
  const int error = write_all(fd_, whole);
  if (error == 0) {
    size_ += static_cast<long long>(whole.size());
    return;
  }
  // Without room even for cutting back, the torn line is recognised by its missing newline.
  if (::ftruncate(fd_, size_) == 0) ::lseek(fd_, size_, SEEK_SET);
  refuse("append to", path_, error);
}

std::vector<std::string> whole_lines(std::string_view content) {
  std::vector<std::string> lines;
  for (std::size_t end = content.find('\n'); end != std::string_view::npos;
       end = content.find('\n')) {
    lines.emplace_back(content.substr(0, end));
    content.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace tailrace::record
