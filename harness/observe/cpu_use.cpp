// SPDX-License-Identifier: MIT
// See cpu_use.hpp.
#include "harness/observe/cpu_use.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// A line of /proc/stat: name user nice system idle iowait irq softirq steal (guest is inside user).
machine_use use_of_line(const std::vector<std::string>& fields, std::int64_t now) {
  const std::int64_t tick_ns = ns_per_s / ::sysconf(_SC_CLK_TCK);
  const auto field = [&](std::size_t i) { return to_integer(fields[i]).value_or(0) * tick_ns; };
  return {now, field(1) + field(2) + field(3) + field(6) + field(7), field(8)};
}

// Some 1,500 bytes; longer where many groups or NUMA nodes are listed, before the switches.
constexpr std::size_t status_bytes_max = 16384;

std::int64_t number_after(std::string_view text, std::string_view name) {
  const auto at = text.rfind(name);
  if (at == std::string_view::npos) return 0;
  const auto line = text.substr(at + name.size());
  return to_integer(trimmed(line.substr(0, line.find('\n')))).value_or(0);
}

}  // namespace

std::optional<process_use> read_process_use(int pid) {
  process_use use;
  clockid_t clock{};
  timespec cpu{};
  if (::clock_getcpuclockid(pid, &clock) != 0) return std::nullopt;
  if (::clock_gettime(clock, &cpu) != 0) return std::nullopt;
  use.cpu_ns = nanoseconds(cpu);
  use.at_ns = monotonic_ns();
  const auto stat = read_text(fmt::format("/proc/{}/stat", pid));
  if (!stat.text) return std::nullopt;
  // The command's name may hold spaces and brackets: fields count from the last ')'.
  const auto name_end = stat.text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = words(std::string_view(*stat.text).substr(name_end + 1));
  if (fields.size() < 13) return std::nullopt;
  use.user_ticks = to_integer(fields[11]).value_or(0);
  use.system_ticks = to_integer(fields[12]).value_or(0);
  return use;
}

std::optional<switch_counts> read_thread_switches(int task_folder, int tid) {
  const std::string path = fmt::format("{}/status", tid);
  const int fd = ::openat(task_folder, path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char text[status_bytes_max];
  const ssize_t count = ::read(fd, text, sizeof text);
  ::close(fd);
  if (count <= 0) return std::nullopt;
  const std::string_view status(text, static_cast<std::size_t>(count));
  return switch_counts{number_after(status, "\nvoluntary_ctxt_switches:"),
                       number_after(status, "\nnonvoluntary_ctxt_switches:")};
}

switch_counts read_switches(int pid) {
  switch_counts sum;
  const int folder =
      ::open(fmt::format("/proc/{}/task", pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return sum;
  for (const int thread : numeric_entries(folder)) {
    const auto switches = read_thread_switches(folder, thread).value_or(switch_counts{});
    sum.voluntary += switches.voluntary;
    sum.involuntary += switches.involuntary;
  }
  ::close(folder);
  return sum;
}

std::optional<machine_use> read_machine_use() {
  const auto stat = read_text("/proc/stat");
  if (!stat.text) return std::nullopt;
  const auto fields = words(std::string_view(*stat.text).substr(0, stat.text->find('\n')));
  if (fields.size() < 9 || fields[0] != "cpu") return std::nullopt;
  return use_of_line(fields, monotonic_ns());
}

std::map<int, machine_use> read_use_of_cpus() {
  std::map<int, machine_use> cpus;
  const std::string text = read_text("/proc/stat").text.value_or("");
  const std::int64_t now = monotonic_ns();
  for (std::size_t at = text.find("\ncpu"); at != std::string::npos;
       at = text.find("\ncpu", at + 1)) {
    const auto fields =
        words(std::string_view(text).substr(at + 1, text.find('\n', at + 1) - at - 1));
    const auto cpu = fields.size() < 9 ? std::nullopt : to_integer(fields[0].substr(3));
    if (cpu) cpus[static_cast<int>(*cpu)] = use_of_line(fields, now);
  }
  return cpus;
}

phase_noise noise_between(const machine_use& before, const machine_use& after, std::int64_t ours_ns,
                          int cpus) {
  phase_noise noise;
  const auto wall = static_cast<double>(after.at_ns - before.at_ns);
  if (wall <= 0) return noise;
  const auto foreign = static_cast<double>(after.busy_ns - before.busy_ns - ours_ns);
  noise.foreign_cpu_share = std::max(0.0, foreign / wall);
  noise.steal_share = static_cast<double>(after.steal_ns - before.steal_ns) / (wall * cpus);
  return noise;
}

std::optional<double> cpu_pressure_avg10() {
  const auto pressure = read_text("/proc/pressure/cpu");
  if (!pressure.text) return std::nullopt;
  const auto at = pressure.text->find("some avg10=");
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(pressure.text->c_str() + at + 11, nullptr);
}

}  // namespace tailrace::observe
