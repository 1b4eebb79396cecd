// SPDX-License-Identifier: MIT
// See cpu_quota.hpp.
#include "harness/observe/cpu_quota.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

struct limit {
  std::int64_t quota_us = 0;
  std::int64_t period_us = 0;
};

std::optional<std::int64_t> number_in(const std::string& path) {
  const auto file = read_text(path);
  return file.text ? to_integer(trimmed(*file.text)) : std::nullopt;
}

// "150000 100000" or "max 100000".
std::optional<limit> limit_v2(const std::string& folder) {
  const auto fields = words(read_text(folder + "/cpu.max").text.value_or(""));
  if (fields.size() != 2) return std::nullopt;
  const auto quota = to_integer(fields[0]);
  const auto period = to_integer(fields[1]);
  if (!quota || !period) return std::nullopt;
  return limit{*quota, *period};
}

// A quota of -1 is none.
std::optional<limit> limit_v1(const std::string& folder) {
  const auto quota = number_in(folder + "/cpu.cfs_quota_us");
  const auto period = number_in(folder + "/cpu.cfs_period_us");
  if (!quota || !period) return std::nullopt;
  return limit{*quota, *period};
}

std::int64_t grown(std::int64_t begin, std::int64_t end) {
  return std::max<std::int64_t>(0, end - begin);
}

}  // namespace

cpu_quota find_cpu_quota(const std::string& process, const std::string& root) {
  cpu_quota found;
  // Where both are mounted the controller is in one of them only, and v1 lists it by name.
  const auto v1 = find_cgroup("cpu", process, root);
  const auto path = v1 ? v1 : find_cgroup("", process, root);
  if (!path) return found;
  for (const std::string& folder : with_ancestors(*path)) {
    const std::string counters = folder + "/cpu.stat";
    if (number_lines(read_text(counters).text.value_or("")).contains("nr_throttled"))
      found.counters.push_back(counters);
    const auto limited = v1 ? limit_v1(folder) : limit_v2(folder);
    if (!limited || limited->quota_us <= 0 || limited->period_us <= 0) continue;
    const double cores =
        static_cast<double>(limited->quota_us) / static_cast<double>(limited->period_us);
    if (found.cores && *found.cores <= cores) continue;
    found.cores = cores;
    found.period_us = limited->period_us;
    found.folder = folder;
  }
  return found;
}

std::string in_words(const cpu_quota& quota) {
  if (!quota.cores) return "";
  return fmt::format("CPU quota: {:.2f} cores in periods of {:g} ms ({})", *quota.cores,
                     static_cast<double>(quota.period_us) / 1000, quota.folder);
}

throttling read_throttling(const cpu_quota& quota) {
  throttling sum;
  for (const std::string& path : quota.counters) {
    const auto numbers = number_lines(read_text(path).text.value_or(""));
    const auto number = [&](const char* name) {
      const auto at = numbers.find(name);
      return at == numbers.end() ? 0 : at->second;
    };
    sum.times += number("nr_throttled");
    sum.ns += number("throttled_usec") * ns_per_us + number("throttled_time");
  }
  return sum;
}

throttling difference(const throttling& begin, const throttling& end) {
  return {grown(begin.times, end.times), grown(begin.ns, end.ns)};
}

}  // namespace tailrace::observe
