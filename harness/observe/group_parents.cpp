// SPDX-License-Identifier: MIT
// See group_parents.hpp.
#include "harness/observe/group_parents.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

constexpr int ancestors_max = 100;

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

std::vector<std::int64_t> members(const std::string& folder) {
  std::vector<std::int64_t> pids;
  for (const std::string& word : words(read_text(folder + "/cgroup.procs").text.value_or("")))
    pids.push_back(to_integer(word).value_or(0));
  return pids;
}

// This process and those who started it.
std::vector<std::int64_t> own_line(const std::string& root) {
  std::vector<std::int64_t> pids;
  for (std::int64_t pid = ::getpid(); pid > 0 && std::ssize(pids) < ancestors_max;) {
    pids.push_back(pid);
    pid = number_lines(
        read_text(fmt::format("{}/proc/{}/status", root, pid)).text.value_or(""))["PPid"];
  }
  return pids;
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
  const std::string& own = folders.front();
  if (!into.all.empty() || !lists_memory(own + "/cgroup.controllers")) return;
  const std::string cause = not_ours(own);
  const auto line = own_line(root);
  const bool alone = std::ranges::all_of(
      members(own), [&](std::int64_t pid) { return std::ranges::find(line, pid) != line.end(); });
  if (cause.empty() && alone) into.all.push_back({own, true, true});
  if (into.cause.empty())
    into.cause = cause.empty() ? own + " holds processes that are not of this run" : cause;
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

std::string open_group(const std::string& folder) {
  const std::string home = fmt::format("{}/{}", folder, home_group);
  if (::mkdir(home.c_str(), 0755) != 0 && errno != EEXIST)
    return fmt::format("cannot make a cgroup in {}: {}", folder, std::strerror(errno));
  const auto moved = members(folder);
  for (const std::int64_t pid : moved) {
    // One that has ended meanwhile cannot be moved, and need not be.
    if (!write_text(home + "/cgroup.procs", std::to_string(pid)) && errno != ESRCH)
      return fmt::format("cannot move process {} to {}: {}", pid, home, std::strerror(errno));
  }
  if (write_text(folder + "/cgroup.subtree_control", "+memory")) return "";
  std::string cause =
      fmt::format("{} does not hand its memory controller down: {}", folder, std::strerror(errno));
  for (const std::int64_t pid : moved)
    write_text(folder + "/cgroup.procs", std::to_string(pid));
  ::rmdir(home.c_str());
  return cause;
}

}  // namespace tailrace::observe
