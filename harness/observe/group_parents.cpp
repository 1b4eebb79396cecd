// SPDX-License-Identifier: MIT
// See group_parents.hpp.
#include "harness/observe/group_parents.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

bool lists_memory(const std::string& path) {
  const auto names = words(read_text(path).text.value_or(""));
  return std::ranges::find(names, "memory") != names.end();
}

// Why this user cannot make a cgroup there and move a process of his own into it, or empty.
std::string not_ours(const std::string& folder) {
  for (const std::string& path : {folder, folder + "/cgroup.procs"})
    if (::access(path.c_str(), W_OK) != 0) return fmt::format("{}: {}", path, std::strerror(errno));
  return "";
}

void add_v2(const std::string& root, group_parents& into) {
  const auto path = find_cgroup("", "self", root);
  if (!path) return;
  const auto folders = with_ancestors(*path);
  for (const std::string& folder : folders) {
    if (!lists_memory(folder + "/cgroup.subtree_control")) continue;
    std::string cause = not_ours(folder);
    if (cause.empty()) into.all.push_back({folder, true});
    if (into.cause.empty()) into.cause = std::move(cause);
  }
  if (into.all.empty() && into.cause.empty() &&
      lists_memory(folders.front() + "/cgroup.controllers"))
    into.cause = folders.front() + ": it does not hand its memory controller down";
}

}  // namespace

group_parents find_group_parents(const std::string& root) {
  group_parents found;
  add_v2(root, found);
  if (const auto path = find_cgroup("memory", "self", root)) {
    const std::string own = path->mount + path->own;
    std::string cause = not_ours(own);
    if (cause.empty()) found.all.push_back({own, false});
    if (found.cause.empty()) found.cause = std::move(cause);
  }
  if (!found.all.empty()) {
    found.cause.clear();
  } else if (found.cause.empty()) {
    found.cause = "no memory cgroup is mounted";
  }
  return found;
}

}  // namespace tailrace::observe
