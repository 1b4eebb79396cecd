// SPDX-License-Identifier: MIT
// See neighbours.hpp.
#include "harness/observe/neighbours.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/process_clock.hpp"

namespace tailrace::observe {
namespace {

constexpr std::int64_t flag_kernel_thread = 0x00200000;  // PF_KTHREAD of linux/sched.h
constexpr int kernel_thread_parent = 2;                  // kthreadd, on every Linux

// Of /proc/PID/stat and /proc/PID/task/TID/stat.
struct stat_line {
  std::string name;
  std::int64_t flags = 0;
  std::int64_t threads = 0;
  std::int64_t started_ticks = 0;
  int cpu = cpu_unknown;
};

std::optional<stat_line> read_stat(const std::string& path) {
  const std::string text = read_text(path).text.value_or("");
  // The name may hold spaces and brackets: fields count from the last ')'.
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  const auto fields = words(std::string_view(text).substr(close + 1));
  if (fields.size() < 37) return std::nullopt;
  const auto number = [&](std::size_t of_proc5) {
    return to_integer(fields[of_proc5 - 3]).value_or(0);
  };
  return stat_line{text.substr(open + 1, close - open - 1), number(9), number(20), number(22),
                   static_cast<int>(number(39))};
}

std::vector<neighbour_thread> threads_of(int pid, std::vector<neighbour_thread> before) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  std::vector<neighbour_thread> threads;
  auto ids = numeric_entries(folder);
  std::ranges::sort(ids);
  for (const int tid : ids) {
    const auto run =
        parse_schedstat(read_text(fmt::format("{}/{}/schedstat", folder, tid)).text.value_or(""));
    if (!run) continue;  // ended meanwhile
    const auto known = std::ranges::find(before, tid, &neighbour_thread::tid);
    if (known != before.end() && known->ns == run->on_cpu_ns) {
      threads.push_back(*known);
      continue;
    }
    const auto stat = read_stat(fmt::format("{}/{}/stat", folder, tid));
    threads.push_back({tid, stat ? stat->cpu : cpu_unknown, run->on_cpu_ns});
  }
  return threads;
}

std::string why_not_all() {
  const std::string mounts = read_text("/proc/self/mounts").text.value_or("");
  if (mounts.find("hidepid=") != std::string::npos)
    return "/proc is mounted with hidepid: processes of others are not seen";
  return "own PID namespace (a container): processes outside and kernel threads are not seen";
}

// What one process used, by CPU. The clock is the truth; what the threads do not explain of it
// (ended ones, a tick of a running one) goes where most of the rest is.
std::map<int, std::int64_t> by_cpu(const neighbour_state* begin, const neighbour_state& end,
                                   std::int64_t ns) {
  std::map<int, std::int64_t> spent;
  std::int64_t explained = 0;
  for (const neighbour_thread& thread : end.threads) {
    std::int64_t before = 0;
    if (begin != nullptr) {
      const auto known = std::ranges::find(begin->threads, thread.tid, &neighbour_thread::tid);
      if (known != begin->threads.end() && known->ns <= thread.ns) before = known->ns;
    }
    const std::int64_t part = std::min(thread.ns - before, ns - explained);
    spent[thread.cpu] += part;
    explained += part;
  }
  if (spent.empty()) spent[cpu_unknown] = 0;
  std::ranges::max_element(spent, {}, [](const auto& entry) { return entry.second; })->second +=
      ns - explained;
  return spent;
}

}  // namespace

neighbour_kind kind_of_kernel_thread(std::string_view name) {
  constexpr std::array begins = {"ksoftirqd/", "irq/",  "ktimers/",    "rcu_", "rcuc/",
                                 "rcuog/",     "rcuop", "io_uring-sq", "loop", "md",
                                 "dmcrypt_",   "nvme",  "virtio",      "scsi_"};
  // Of a kworker, from the name of its work queue on.
  constexpr std::array queues = {"kblockd",  "nvme",     "virtio", "dio/", "kcryptd",
                                 "kdmflush", "loop",     "md",     "xfs-", "ext4-",
                                 "btrfs-",   "iou_exit", "rcu_gp", "scsi_"};
  const auto among = [](std::string_view text, const auto& list) {
    return std::ranges::any_of(list, [text](const char* begin) { return text.starts_with(begin); });
  };
  if (!name.starts_with("kworker/"))
    return among(name, begins) ? neighbour_kind::kernel_io : neighbour_kind::kernel;
  const auto mark = name.find_first_of("-+");  // '+' while it works
  const std::string_view queue = mark == std::string_view::npos ? "" : name.substr(mark + 1);
  return among(queue, queues) ? neighbour_kind::kernel_io : neighbour_kind::kernel;
}

neighbour_watch::neighbour_watch() : proc_(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

neighbour_watch::~neighbour_watch() {
  if (proc_ >= 0) ::close(proc_);
}

void neighbour_watch::look_at(neighbour_state& state) const {
  const auto stat = read_stat(fmt::format("/proc/{}/stat", state.pid));
  if (!stat) return;  // not for us to see, or gone
  if (stat->started_ticks != state.started_ticks) state.threads.clear();
  state.started_ticks = stat->started_ticks;
  state.name = stat->name;
  state.kernel_thread = (stat->flags & flag_kernel_thread) != 0;
  if (stat->threads == 1) {
    state.threads = {{state.pid, stat->cpu, state.cpu_ns}};
  } else if (static_cast<std::size_t>(stat->threads) <= threads_looked_at_max) {
    state.threads = threads_of(state.pid, std::move(state.threads));
  } else {
    state.threads.clear();
  }
}

neighbour_edge neighbour_watch::read(std::span<const int> ours) {
  neighbour_edge edge;
  edge.at_ns = monotonic_ns();
  edge.ours.assign(ours.begin(), ours.end());
  auto ids = proc_ < 0 ? std::vector<int>{} : numeric_entries(proc_);
  std::ranges::sort(ids);
  std::map<int, neighbour_state> now;
  for (const int pid : ids) {
    if (std::ranges::find(ours, pid) != ours.end()) continue;
    const auto cpu_ns = process_cpu_ns(pid);
    if (!cpu_ns) continue;  // ended meanwhile
    const auto known = known_.find(pid);
    neighbour_state state = known == known_.end() ? neighbour_state{} : std::move(known->second);
    const bool moved = known == known_.end() || state.cpu_ns != *cpu_ns;
    state.pid = pid;
    state.cpu_ns = *cpu_ns;
    if (moved) look_at(state);
    edge.processes.push_back(state);
    now.emplace_hint(now.end(), pid, std::move(state));
  }
  known_ = std::move(now);
  const auto parent = known_.find(kernel_thread_parent);
  edge.seen_all = parent != known_.end() && parent->second.kernel_thread;
  if (!edge.seen_all) edge.cause = why_not_all();
  return edge;
}

neighbour_work difference(const neighbour_edge& begin, const neighbour_edge& end) {
  neighbour_work work;
  work.seen_all = begin.seen_all && end.seen_all;
  const auto is_of = [](const std::vector<int>& ours, int pid) {
    return std::ranges::find(ours, pid) != ours.end();
  };
  auto before = begin.processes.begin();
  for (const neighbour_state& state : end.processes) {
    for (; before != begin.processes.end() && before->pid < state.pid; ++before)
      if (!is_of(end.ours, before->pid)) ++work.ended;
    const neighbour_state* same = nullptr;
    if (before != begin.processes.end() && before->pid == state.pid) {
      // Another process that got the number of one that ended counts from 0.
      if (before->started_ticks == state.started_ticks && before->cpu_ns <= state.cpu_ns)
        same = &*before;
      else
        ++work.ended;
      ++before;
    }
    if (is_of(begin.ours, state.pid)) continue;  // not known what it had used
    const std::int64_t ns = state.cpu_ns - (same != nullptr ? same->cpu_ns : 0);
    if (ns == 0) continue;
    const auto kind =
        state.kernel_thread ? kind_of_kernel_thread(state.name) : neighbour_kind::process;
    const auto spent = by_cpu(same, state, ns);
    auto& sums = kind == neighbour_kind::kernel_io ? work.io_ns_of_cpu : work.ns_of_cpu;
    for (const auto& [cpu, part] : spent)
      sums[cpu] += part;
    const auto most =
        std::ranges::max_element(spent, {}, [](const auto& entry) { return entry.second; });
    work.by_ns.push_back({state.pid, state.name.empty() ? "?" : state.name, kind, most->first, ns});
  }
  for (; before != begin.processes.end(); ++before)
    if (!is_of(end.ours, before->pid)) ++work.ended;
  std::ranges::sort(work.by_ns, std::greater{}, &neighbour::ns);
  return work;
}

}  // namespace tailrace::observe
