// SPDX-License-Identifier: MIT
// See tune.hpp.
#include "harness/observe/tune.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

std::string unbounded(const std::string& root) {
  const std::string folder = root + "/proc/sys/kernel/sched_rt_";
  const auto number = [&](const char* name) -> std::optional<std::int64_t> {
    const auto file = read_text(folder + name);
    return file.text ? to_integer(trimmed(*file.text)) : std::nullopt;
  };
  const auto runtime = number("runtime_us");
  const auto period = number("period_us");
  if (!runtime || !period)
    return "SCHED_FIFO: the kernel's bound cannot be read in " + folder + "*";
  if (*runtime >= 0 && *runtime < *period) return "";
  return fmt::format(
      "SCHED_FIFO: kernel.sched_rt_runtime_us is {}, so a loop that spins could take the machine "
      "(sysctl kernel.sched_rt_runtime_us=950000)",
      *runtime);
}

std::string bound(int pid, std::chrono::milliseconds most) {
  const auto us = static_cast<rlim_t>(std::chrono::microseconds(most).count());
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_RTTIME, nullptr, &limit) == 0) {
    // SIGXCPU, and a second later SIGKILL for who handles that. What is lower already stays.
    limit.rlim_max = std::min(limit.rlim_max, us + 1'000'000);
    limit.rlim_cur = std::min({us, limit.rlim_cur, limit.rlim_max});
    if (::prlimit(pid, RLIMIT_RTTIME, &limit, nullptr) == 0) return "";
  }
  return fmt::format("SCHED_FIFO: RLIMIT_RTTIME of process {}: {}", pid, std::strerror(errno));
}

// All threads, until none is found in another class: one that has not been reached yet may start
// more of them. "" or why.
std::string all_threads(int pid, int policy, int priority) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  const sched_param wanted{.sched_priority = priority};
  for (bool changed = true; changed;) {
    changed = false;
    const auto threads = numeric_entries(folder);
    if (threads.empty()) return fmt::format("no process {}", pid);
    for (const int tid : threads) {
      const int now = ::sched_getscheduler(tid);
      if (now == policy || (now < 0 && errno == ESRCH)) continue;
      if (::sched_setscheduler(tid, policy, &wanted) == 0) {
        changed = true;
      } else if (errno != ESRCH) {
        return std::strerror(errno);
      }
    }
  }
  return "";
}

}  // namespace

std::string into_fifo(int pid, std::chrono::milliseconds most, const std::string& root) {
  for (const std::string& refused : {unbounded(root), bound(pid, most)})
    if (!refused.empty()) return refused;
  const std::string refused = all_threads(pid, SCHED_FIFO, fifo_priority);
  if (refused.empty()) return "";
  all_threads(pid, SCHED_OTHER, 0);
  return fmt::format(
      "SCHED_FIFO: {} (needs root or CAP_SYS_NICE, or ulimit -r {}; a cgroup of v1 also time in "
      "cpu.rt_runtime_us)",
      refused, fifo_priority);
}

std::string out_of_fifo(int pid) {
  const std::string refused = all_threads(pid, SCHED_OTHER, 0);
  return refused.empty() ? "" : "SCHED_OTHER: " + refused;
}

cpu_latency_request::cpu_latency_request(const std::string& device) {
  constexpr std::int32_t wanted_us = 0;
  fd_ = ::open(device.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd_ >= 0 && ::write(fd_, &wanted_us, sizeof wanted_us) == sizeof wanted_us) return;
  cause_ = fmt::format("CPU latency request: {}: {} (needs root, or the right to write there)",
                       device, std::strerror(errno));
}

cpu_latency_request::~cpu_latency_request() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace tailrace::observe
