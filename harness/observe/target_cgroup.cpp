// SPDX-License-Identifier: MIT
// See target_cgroup.hpp.
#include "harness/observe/target_cgroup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "harness/observe/accept_charge.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

// Runs in the janitor: waits until the harness has gone, then removes the folder, for which the
// target must have gone too (it dies with the harness).
[[noreturn]] void keep_house(int alive_fd, const char* folder) {
  ::setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
    ::signal(number, SIG_IGN);
  ::dup2(alive_fd, 0);
  ::closefrom(1);
  char byte = 0;
  while (::read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::rmdir(folder) == 0 || errno == ENOENT) break;
    ::usleep(100'000);
  }
  ::_exit(0);
}

// A limit that nobody reaches makes the kernel charge TCP sockets and their buffers in v1.
constexpr const char* no_tcp_limit = "1099511627776";

std::optional<std::int64_t> read_number(const std::string& path) {
  return to_integer(trimmed(read_text(path).text.value_or("")));
}

}  // namespace

target_cgroup::target_cgroup(const std::string& root) {
  const group_parents parents = find_group_parents(root);
  cause_ = parents.cause;
  for (const group_parent& each : parents.all)
    if (try_make(each)) return;
}

bool target_cgroup::try_make(const group_parent& parent) {
  static int number = 0;  // several may be there at once
  const std::string folder = fmt::format("{}/tailrace-{}-{}", parent.folder, ::getpid(), ++number);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    cause_ = fmt::format("cannot make a cgroup in {}: {}", parent.folder, std::strerror(errno));
    return false;
  }
  const char* witness = parent.v2 ? "memory.stat" : "memory.kmem.usage_in_bytes";
  if (!read_text(folder + "/" + witness).text) {
    ::rmdir(folder.c_str());
    if (cause_.empty()) cause_ = fmt::format("no memory controller in {}", parent.folder);
    return false;
  }
  folder_ = folder;
  v2_ = parent.v2;
  cause_.clear();
  start_janitor();
  // Where that fails charges_accepted() says so.
  if (!v2_) write_text(folder_ + "/memory.kmem.tcp.limit_in_bytes", no_tcp_limit);
  return true;
}

void target_cgroup::start_janitor() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  const std::string folder = folder_;
  janitor_pid_ = ::fork();
  if (janitor_pid_ == 0) {
    ::close(ends[1]);
    keep_house(ends[0], folder.c_str());
  }
  ::close(ends[0]);
  janitor_fd_ = ends[1];
}

target_cgroup::~target_cgroup() {
  if (folder_.empty()) return;
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (::rmdir(folder_.c_str()) == 0 || errno != EBUSY) break;
    ::usleep(10'000);
  }
  if (janitor_fd_ >= 0) ::close(janitor_fd_);
  if (janitor_pid_ > 0) ::waitpid(janitor_pid_, nullptr, 0);
}

std::optional<double> kernel_bytes_in_v2(std::string_view memory_stat) {
  auto stat = number_lines(memory_stat);
  if (stat.contains("kernel")) return static_cast<double>(stat["kernel"] + stat["sock"]);
  if (!stat.contains("slab")) return std::nullopt;
  double sum = 0;  // before Linux 5.18 there is no total
  for (const char* part : {"kernel_stack", "pagetables", "percpu", "slab", "sock", "vmalloc"})
    sum += static_cast<double>(stat[part]);
  return sum;
}

std::optional<double> target_cgroup::kernel_bytes() const {
  if (folder_.empty()) return std::nullopt;
  if (!v2_) {
    const auto usage = read_number(folder_ + "/memory.kmem.usage_in_bytes");
    if (!usage) return std::nullopt;
    const auto tcp = read_number(folder_ + "/memory.kmem.tcp.usage_in_bytes");
    return static_cast<double>(*usage + tcp.value_or(0));
  }
  const auto text = read_text(folder_ + "/memory.stat").text;
  return text ? kernel_bytes_in_v2(*text) : std::nullopt;
}

std::optional<bool> target_cgroup::charges_accepted() const {
  if (folder_.empty()) return std::nullopt;
  // The same for every cgroup of this kind, and it takes a moment.
  static std::map<bool, std::optional<bool>> known;
  if (!known.contains(v2_)) {
    known[v2_] = accepted_are_charged(join_path(), settle_s(),
                                      [this] { return kernel_bytes().value_or(0); });
  }
  return known[v2_];
}

}  // namespace tailrace::observe
