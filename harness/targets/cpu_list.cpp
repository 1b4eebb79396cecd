// SPDX-License-Identifier: MIT
// See cpu_list.hpp.
#include "harness/targets/cpu_list.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace tailrace {
namespace {

constexpr int cpu_limit = CPU_SETSIZE;

std::optional<int> parse_cpu(std::string_view text) {
  int cpu = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpu);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (cpu < 0 || cpu >= cpu_limit) return std::nullopt;
  return cpu;
}

std::unexpected<std::string> bad_list(std::string_view text) {
  return std::unexpected("'" + std::string(text.substr(0, 80)) +
                         "' is not a list of CPUs: write CPU numbers from 0 to " +
                         std::to_string(cpu_limit - 1) + " as in 0,2-3");
}

std::vector<int> granted_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < cpu_limit; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace

std::expected<std::vector<int>, std::string> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  std::string_view rest = text;
  for (;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view range = rest.substr(0, comma);
    const std::size_t dash = range.find('-');
    const std::optional<int> first = parse_cpu(range.substr(0, dash));
    const std::optional<int> last =
        dash == std::string_view::npos ? first : parse_cpu(range.substr(dash + 1));
    if (!first || !last || *first > *last) return bad_list(text);
    for (int cpu = *first; cpu <= *last; ++cpu)
      cpus.push_back(cpu);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
    if (cpus.size() > std::size_t{cpu_limit} * 4) return bad_list(text);
  }
  std::ranges::sort(cpus);
  cpus.erase(std::ranges::unique(cpus).begin(), cpus.end());
  return cpus;
}

std::string cpu_list_text(const std::vector<int>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1)
      ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (last > i) text += "-" + std::to_string(cpus[last]);
    i = last + 1;
  }
  return text;
}

std::string confine_process(const std::vector<int>& cpus) {
  if (cpus.empty()) return {};
  const std::vector<int> before = granted_cpus();
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus)
    CPU_SET(static_cast<unsigned>(cpu), &set);
  const bool refused = ::sched_setaffinity(0, sizeof set, &set) != 0;
  // The kernel silently drops CPUs that are absent or outside of the cpuset, so it is read back.
  if (!refused && granted_cpus() == cpus) return {};
  return "CPUs " + cpu_list_text(cpus) +
         " cannot all be used here: choose from those this process may use (" +
         cpu_list_text(before) + " before the attempt)";
}

int pin_worker(const std::vector<int>& cpus, int workers, int index) {
  if (cpus.empty() || cpus.size() < static_cast<std::size_t>(workers)) return -1;
  const int cpu = cpus[static_cast<std::size_t>(index)];
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0 ? cpu : -1;
}

}  // namespace tailrace
