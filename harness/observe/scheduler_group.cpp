// SPDX-License-Identifier: MIT
// See scheduler_group.hpp.
#include "harness/observe/scheduler_group.hpp"

#include <fmt/format.h>

#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

// "/autogroup-9 nice 0" -> "/autogroup-9", where sessions are groups.
std::string session_group(const std::string& process, const std::string& root) {
  const auto enabled = read_text(root + "/proc/sys/kernel/sched_autogroup_enabled").text;
  if (!enabled || trimmed(*enabled) != "1") return "";
  const auto fields =
      words(read_text(fmt::format("{}/proc/{}/autogroup", root, process)).text.value_or(""));
  return fields.empty() ? "" : fields[0];
}

}  // namespace

std::string scheduler_group(const std::string& process, const std::string& root) {
  const auto v1 = find_cgroup("cpu", process, root);
  const auto path = v1 ? v1 : find_cgroup("", process, root);
  if (!path) return session_group(process, root);
  // A cgroup of v2 is a group only where the controller is on; without it, its parent's group.
  for (const std::string& folder : with_ancestors(*path)) {
    const bool top = folder == path->mount;
    if (!top && (v1 || read_text(folder + "/cpu.weight").text)) return folder;
    if (top && !v1 && read_text(folder + "/cpu.weight").text) return folder;  // of a container
  }
  return path->mount + session_group(process, root);
}

}  // namespace tailrace::observe
