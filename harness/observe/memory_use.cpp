// SPDX-License-Identifier: MIT
// See memory_use.hpp.
#include "harness/observe/memory_use.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

constexpr double kernel_stack_bytes = 16384;  // x86-64 and arm64 with 4 KiB pages

// Runs in the janitor: waits until the harness has gone, then removes the folder, for which the
// target must have gone too (it dies with the harness).
[[noreturn]] void keep_house(int alive_fd, const char* folder) {
  ::setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
    ::signal(number, SIG_IGN);
  ::dup2(alive_fd, 0);
  ::close_range(1, ~0U, 0);
  char byte = 0;
  while (::read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::rmdir(folder) == 0 || errno == ENOENT) break;
    ::usleep(100'000);
  }
  ::_exit(0);
}

double value_or_zero(const std::map<std::string, std::int64_t>& numbers, const char* name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0.0 : static_cast<double>(found->second);
}

// nullopt once the process is gone: a zombie's file is empty.
std::optional<std::map<std::string, std::int64_t>> read_pages(int pid) {
  const auto smaps = read_text(fmt::format("/proc/{}/smaps_rollup", pid));
  if (!smaps.text) return std::nullopt;
  auto pages = number_lines(*smaps.text);
  if (!pages.contains("Private_Dirty")) return std::nullopt;
  return pages;
}

double user_bytes_of(const std::map<std::string, std::int64_t>& pages) {
  return value_or_zero(pages, "Private_Clean") + value_or_zero(pages, "Private_Dirty") -
         value_or_zero(pages, "LazyFree");
}

}  // namespace

std::optional<double> read_user_bytes(int pid) {
  const auto pages = read_pages(pid);
  if (!pages) return std::nullopt;
  return user_bytes_of(*pages);
}

const char* memory_source_name(memory_source source) {
  switch (source) {
    case memory_source::cgroup_v2:
      return "cgroup-v2";
    case memory_source::cgroup_v1:
      return "cgroup-v1";
    case memory_source::procfs:
      return "procfs";
  }
  return "procfs";
}

target_cgroup::target_cgroup() {
  for (const bool v2 : {true, false}) {
    const auto found = find_cgroup(v2 ? "" : "memory");
    if (!found) continue;
    const char* witness = v2 ? "memory.stat" : "memory.kmem.usage_in_bytes";
    const auto source = v2 ? memory_source::cgroup_v2 : memory_source::cgroup_v1;
    if (try_make(found->mount + found->own, witness, source)) return;
    // A v2 cgroup that holds processes cannot hand the controller down; the root can.
    if (v2 && !found->own.empty() && try_make(found->mount, witness, source)) return;
  }
  if (cause_.empty()) cause_ = "no memory cgroup is mounted";
}

bool target_cgroup::try_make(const std::string& parent, const std::string& witness,
                             memory_source source) {
  static int number = 0;  // several may be there at once
  const std::string folder = fmt::format("{}/tailrace-{}-{}", parent, ::getpid(), ++number);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    cause_ = fmt::format("cannot make a cgroup in {}: {}", parent, std::strerror(errno));
    return false;
  }
  if (!read_text(folder + "/" + witness).text) {
    ::rmdir(folder.c_str());
    if (cause_.empty()) cause_ = fmt::format("no memory controller in {}", parent);
    return false;
  }
  folder_ = folder;
  source_ = source;
  cause_.clear();
  start_janitor();
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

double target_cgroup::read_kernel(const memory_reading& own) const {
  if (source_ == memory_source::cgroup_v1) {
    const auto usage = read_text(folder_ + "/memory.kmem.usage_in_bytes");
    return static_cast<double>(to_integer(trimmed(usage.text.value_or(""))).value_or(0));
  }
  if (source_ == memory_source::cgroup_v2) {
    const auto stat = number_lines(read_text(folder_ + "/memory.stat").text.value_or(""));
    if (stat.contains("kernel")) return value_or_zero(stat, "kernel") + value_or_zero(stat, "sock");
    double sum = 0;  // before Linux 5.18 there is no total
    for (const char* part : {"kernel_stack", "pagetables", "percpu", "slab", "sock", "vmalloc"}) {
      sum += value_or_zero(stat, part);
    }
    return sum;
  }
  return own.parts.at("kernel_stack") + own.parts.at("page_tables");
}

std::optional<memory_reading> target_cgroup::read(int pid) const {
  const auto pages = read_pages(pid);
  const auto status = read_text(fmt::format("/proc/{}/status", pid));
  if (!pages || !status.text) return std::nullopt;
  const auto process = number_lines(*status.text);
  memory_reading reading;
  reading.user_bytes = user_bytes_of(*pages);
  reading.parts["pss"] = value_or_zero(*pages, "Pss") - value_or_zero(*pages, "LazyFree");
  reading.parts["anonymous"] = value_or_zero(*pages, "Anonymous");
  reading.parts["lazy_free"] = value_or_zero(*pages, "LazyFree");
  reading.parts["kernel_stack"] = value_or_zero(process, "Threads") * kernel_stack_bytes;
  reading.parts["page_tables"] = value_or_zero(process, "VmPTE");
  reading.kernel_bytes = read_kernel(reading);
  if (source_ == memory_source::procfs) {
    const auto machine = number_lines(read_text("/proc/meminfo").text.value_or(""));
    reading.parts["machine_slab"] = value_or_zero(machine, "SUnreclaim");
  } else {
    reading.parts["slab_and_sockets"] =
        reading.kernel_bytes - reading.parts["kernel_stack"] - reading.parts["page_tables"];
  }
  return reading;
}

}  // namespace tailrace::observe
