// SPDX-License-Identifier: MIT
// See machine_limits.hpp.
#include "harness/observe/machine_limits.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/observe/capabilities.hpp"
#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

std::optional<std::int64_t> number_in(const std::string& path) {
  return to_integer(trimmed(read_text(path).text.value_or("")));
}

void consider(machine_limit& least, std::int64_t most, const std::string& set_by,
              const std::string& how) {
  if (most >= least.most) return;
  least = {std::max<std::int64_t>(0, most), set_by, how};
}

// A number of /proc/sys, of which `used` are taken and each of ours takes `each`.
void consider_sysctl(machine_limit& least, const std::string& root, const std::string& name,
                     std::int64_t used, std::int64_t each) {
  std::string path = root + "/proc/sys/" + name;
  std::ranges::replace(path.begin() + static_cast<std::ptrdiff_t>(root.size()), path.end(), '.',
                       '/');
  if (const auto value = number_in(path)) {
    consider(least, (*value - used) / each, name,
             fmt::format("raise {} so that {{}} more fit (sysctl, as root)", name));
  }
}

void consider_rlimit(machine_limit& least, __rlimit_resource_t resource, bool hard,
                     const std::string& set_by, const std::string& how, std::int64_t used = 0) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return;
  const rlim_t value = hard ? limit.rlim_max : limit.rlim_cur;
  if (value < static_cast<rlim_t>(INT64_MAX))
    consider(least, static_cast<std::int64_t>(value) - used, set_by, how);
}

bool exceeds_processes() {
  return (::getuid() == 0 && in_first_user_namespace()) || has_capability(capability::sys_admin) ||
         has_capability(capability::sys_resource);
}

// "0.31 0.28 0.20 2/345 4711": the 345.
std::int64_t threads_of_machine(const std::string& root) {
  const auto fields = words(read_text(root + "/proc/loadavg").text.value_or(""));
  if (fields.size() < 4) return 0;
  return to_integer(std::string_view(fields[3]).substr(fields[3].find('/') + 1)).value_or(0);
}

struct group_limit {
  std::string folder;
  std::string path;  // of the limit
  std::int64_t most = 0;
  std::int64_t used = 0;
};

struct group_files {
  const char* most;
  const char* used;
};

// Of the own cgroup and those above it. Where both versions are mounted the controller is in one of
// them only, and its files tell which.
std::vector<group_limit> group_limits(const std::string& root, const char* controller,
                                      std::initializer_list<group_files> names) {
  std::vector<group_limit> all;
  for (const char* version : {controller, ""}) {
    const auto path = find_cgroup(version, "self", root);
    if (!path) continue;
    for (const std::string& folder : with_ancestors(*path)) {
      for (const auto& [most_name, used_name] : names) {
        const std::string file = fmt::format("{}/{}", folder, most_name);
        if (const auto most = number_in(file))  // none at the root, or "max"
          all.push_back({folder, file, *most,
                         number_in(fmt::format("{}/{}", folder, used_name)).value_or(0)});
      }
    }
  }
  return all;
}

std::vector<group_limit> pids_limits(const std::string& root) {
  return group_limits(root, "pids", {{"pids.max", "pids.current"}});
}

// What of the memory of a cgroup, and of those below it, are pages of files that nobody has used
// for a while: the kernel drops them before it refuses anything.
std::int64_t idle_file_bytes(const std::string& folder) {
  const auto numbers = number_lines(read_text(folder + "/memory.stat").text.value_or(""));
  for (const char* name : {"total_inactive_file", "inactive_file"})  // v1; v2
    if (const auto found = numbers.find(name); found != numbers.end()) return found->second;
  return 0;
}

// "1-3,8": how many of them are within the range.
std::int64_t reserved_within(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t count = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    const auto dash = part.find('-');
    const auto first = to_integer(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : to_integer(part.substr(dash + 1));
    if (first && last) {
      const std::int64_t inside = std::min(*last, high) - std::max(*first, low) + 1;
      count += std::max<std::int64_t>(0, inside);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return count;
}

}  // namespace

std::string machine_limit::remedy(std::int64_t wanted) const {
  return fmt::format(fmt::runtime(how), wanted);
}

machine_limit open_files_limit(const std::string& root) {
  machine_limit least;
  if (root.empty()) {
    consider_rlimit(least, RLIMIT_NOFILE, true, "RLIMIT_NOFILE",
                    "raise the hard limit (ulimit -Hn {} as root, LimitNOFILE= of the service, "
                    "--ulimit nofile= of the container; fs.nr_open must not be less)");
  }
  if (has_capability(capability::sys_admin, root)) return least;
  const auto used = words(read_text(root + "/proc/sys/fs/file-nr").text.value_or(""));
  consider_sysctl(least, root, "fs.file-max",
                  used.empty() ? 0 : to_integer(used.front()).value_or(0), 1);
  return least;
}

machine_limit threads_limit(const std::string& root) {
  constexpr std::int64_t maps_a_thread = 2;
  machine_limit least;
  const std::int64_t used = threads_of_machine(root);
  consider_sysctl(least, root, "kernel.threads-max", used, 1);
  consider_sysctl(least, root, "kernel.pid_max", used, 1);
  consider_sysctl(least, root, "vm.max_map_count", 0, maps_a_thread);
  for (const group_limit& each : pids_limits(root)) {
    consider(least, each.most - each.used, each.path,
             "raise pids.max of the cgroup so that {} more fit (TasksMax= of the service, "
             "--pids-limit of the container)");
  }
  if (root.empty() && !exceeds_processes()) {
    consider_rlimit(least, RLIMIT_NPROC, false, "RLIMIT_NPROC",
                    "raise the limit of processes so that {} more fit (ulimit -u, or nproc in "
                    "limits.conf)",
                    threads_of_user(::getuid()));
  }
  return least;
}

std::int64_t threads_of_user(std::int64_t user, const std::string& root) {
  std::int64_t threads = 0;
  for (const int pid : numeric_entries(root + "/proc")) {
    const auto text = read_text(fmt::format("{}/proc/{}/status", root, pid)).text;
    auto numbers = number_lines(text.value_or(""));
    const auto real = numbers.find("Uid");
    if (real != numbers.end() && real->second == user) threads += numbers["Threads"];
  }
  return threads;
}

std::optional<std::int64_t> cgroup_pids_max(const std::string& root) {
  std::optional<std::int64_t> least;
  for (const group_limit& each : pids_limits(root))
    least = std::min(least.value_or(each.most), each.most);
  return least;
}

machine_limit group_memory_limit(const std::string& root) {
  constexpr std::int64_t none_of_v1 = INT64_MAX - (1 << 20);  // LONG_MAX in whole pages, and more
  machine_limit least;
  for (const group_limit& each :
       group_limits(root, "memory",
                    {{"memory.max", "memory.current"},
                     {"memory.high", "memory.current"},
                     {"memory.limit_in_bytes", "memory.usage_in_bytes"}})) {
    if (each.most >= none_of_v1) continue;
    consider(least, each.most - each.used + idle_file_bytes(each.folder), each.path,
             "raise the memory limit of the cgroup so that {} bytes more fit (MemoryMax= of the "
             "service, --memory= of the container)");
  }
  return least;
}

machine_limit local_ports_limit(const std::string& root) {
  machine_limit least;
  const std::string folder = root + "/proc/sys/net/ipv4/";
  const auto range = words(read_text(folder + "ip_local_port_range").text.value_or(""));
  if (range.size() != 2) return least;
  const auto low = to_integer(range[0]);
  const auto high = to_integer(range[1]);
  if (!low || !high) return least;
  const std::string reserved =
      trimmed(read_text(folder + "ip_local_reserved_ports").text.value_or(""));
  consider(least, *high - *low + 1 - reserved_within(reserved, *low, *high),
           "net.ipv4.ip_local_port_range",
           "widen net.ipv4.ip_local_port_range to {} ports (sysctl, as root)");
  return least;
}

machine_limit locked_memory_limit() {
  machine_limit least;
  if (!has_capability(capability::ipc_lock)) {
    consider_rlimit(least, RLIMIT_MEMLOCK, false, "RLIMIT_MEMLOCK",
                    "raise the limit of locked memory to {} bytes (ulimit -l counts in KiB; "
                    "memlock in limits.conf, LimitMEMLOCK= of the service)");
  }
  return least;
}

}  // namespace tailrace::observe
