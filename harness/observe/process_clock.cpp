// SPDX-License-Identifier: MIT
// See process_clock.hpp.
#include "harness/observe/process_clock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

constexpr std::size_t schedstat_bytes_max = 96;  // three numbers of 20 digits

std::int64_t grown(std::int64_t begin, std::int64_t end) {
  return std::max<std::int64_t>(0, end - begin);
}

void add(process_work& work, const thread_edge& begin, const thread_edge& end) {
  work.run.on_cpu_ns += grown(begin.run.on_cpu_ns, end.run.on_cpu_ns);
  work.run.delay_ns += grown(begin.run.delay_ns, end.run.delay_ns);
  work.run.times_run += grown(begin.run.times_run, end.run.times_run);
  work.switches.voluntary += grown(begin.switches.voluntary, end.switches.voluntary);
  work.switches.involuntary += grown(begin.switches.involuntary, end.switches.involuntary);
}

}  // namespace

std::optional<std::int64_t> process_cpu_ns(int pid) noexcept {
  clockid_t clock{};
  timespec cpu{};
  if (::clock_getcpuclockid(pid, &clock) != 0) return std::nullopt;
  if (::clock_gettime(clock, &cpu) != 0) return std::nullopt;
  return std::int64_t{cpu.tv_sec} * ns_per_s + cpu.tv_nsec;
}

std::optional<run_times> parse_schedstat(std::string_view text) noexcept {
  run_times run;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (std::int64_t* const value : {&run.on_cpu_ns, &run.delay_ns, &run.times_run}) {
    while (at != end && *at == ' ')
      ++at;
    const auto parsed = std::from_chars(at, end, *value);
    if (parsed.ec != std::errc()) return std::nullopt;
    at = parsed.ptr;
  }
  return run;
}

process_clock::process_clock(int pid, std::size_t descriptors_max)
    : pid_(pid), descriptors_left_(descriptors_max) {
  folder_ = ::open(fmt::format("/proc/{}/task", pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

process_clock::~process_clock() {
  for (auto& [tid, thread] : threads_)
    forget(thread);
  if (folder_ >= 0) ::close(folder_);
}

void process_clock::forget(known_thread& thread) {
  if (thread.fd < 0) return;
  ::close(thread.fd);
  thread.fd = -1;
  ++descriptors_left_;
}

std::optional<run_times> process_clock::read_run(int tid, known_thread& thread) {
  int fd = thread.fd;
  if (fd < 0) {
    fd = ::openat(folder_, fmt::format("{}/schedstat", tid).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    if (descriptors_left_ > 0) {
      thread.fd = fd;
      --descriptors_left_;
    }
  }
  char text[schedstat_bytes_max];
  const ssize_t count = ::pread(fd, text, sizeof text, 0);
  if (thread.fd < 0) ::close(fd);
  if (count <= 0) {
    forget(thread);  // ended; the number may come again for another thread
    return std::nullopt;
  }
  return parse_schedstat({text, static_cast<std::size_t>(count)});
}

std::optional<process_edge> process_clock::read(with_switches wanted) {
  process_edge edge;
  const auto cpu = process_cpu_ns(pid_);
  edge.at_ns = monotonic_ns();
  if (!cpu) return std::nullopt;
  edge.cpu_ns = *cpu;
  if (folder_ < 0) {
    edge.threads_seen = false;
    return edge;
  }
  auto ids = numeric_entries(folder_);
  // The folder of a process that is gone lists nothing, whoever has its number now.
  if (ids.empty()) return std::nullopt;
  std::ranges::sort(ids);
  for (auto& [tid, thread] : threads_)
    thread.seen = false;
  for (const int tid : ids) {
    known_thread& thread = threads_[tid];
    const auto run = read_run(tid, thread);
    if (!run) continue;  // ended meanwhile
    thread.seen = true;
    // Who was on no CPU since has not switched either.
    if (wanted == with_switches::yes && thread.run != run) {
      if (const auto switches = read_thread_switches(folder_, tid)) {
        thread.switches = *switches;
        thread.run = run;
      }
    }
    edge.threads.push_back({tid, *run, thread.switches});
  }
  for (auto at = threads_.begin(); at != threads_.end();) {
    if (at->second.seen) {
      ++at;
    } else {
      forget(at->second);
      at = threads_.erase(at);
    }
  }
  return edge;
}

std::optional<process_edge> read_process_edge(int pid, with_switches wanted) {
  return process_clock(pid).read(wanted);
}

process_work difference(const process_edge& begin, const process_edge& end) {
  process_work work;
  work.wall_ns = grown(begin.at_ns, end.at_ns);
  work.cpu_ns = grown(begin.cpu_ns, end.cpu_ns);
  work.threads = static_cast<int>(end.threads.size());
  work.threads_seen = begin.threads_seen && end.threads_seen;
  auto before = begin.threads.begin();
  for (const thread_edge& thread : end.threads) {
    for (; before != begin.threads.end() && before->tid < thread.tid; ++before)
      work.threads_ended = true;
    const bool known = before != begin.threads.end() && before->tid == thread.tid;
    // Less than before: a new thread that got the number of one that ended.
    const bool same = known && before->run.on_cpu_ns <= thread.run.on_cpu_ns &&
                      before->run.times_run <= thread.run.times_run;
    add(work, same ? *before : thread_edge{}, thread);
    if (known && !same) work.threads_ended = true;
    if (known) ++before;
  }
  if (before != begin.threads.end()) work.threads_ended = true;
  return work;
}

}  // namespace tailrace::observe
