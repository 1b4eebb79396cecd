// SPDX-License-Identifier: MIT
// Where the cgroup of a process is in the file system: of one controller, version 1 or 2. Any
// thread; two small files. Formats: cgroups(7), proc(5) for /proc/PID/mountinfo.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tailrace::observe {

struct cgroup_path {
  std::string mount;  // folder in which the hierarchy is mounted
  std::string own;    // path of the process' cgroup below it: "" or "/a/b"
};

// `controller` is a name of v1 ("memory", "cpu"), or empty for the one hierarchy of v2; `process`
// a pid or "self". nullopt where that is not mounted or the process is in none. In a container
// the mount may begin in the middle of a hierarchy: what is above it is not seen.
// Tests give the root of another file tree.
std::optional<cgroup_path> find_cgroup(const std::string& controller,
                                       const std::string& process = "self",
                                       const std::string& root = "");

// The own folder and those above it up to the mount, the own one first.
std::vector<std::string> with_ancestors(const cgroup_path& path);

}  // namespace tailrace::observe
