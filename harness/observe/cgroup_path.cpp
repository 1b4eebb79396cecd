// SPDX-License-Identifier: MIT
// See cgroup_path.hpp.
#include "harness/observe/cgroup_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

template <class Each>
void each_line(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool lists(std::string_view comma_list, const std::string& name) {
  return fmt::format(",{},", comma_list).find("," + name + ",") != std::string::npos;
}

// "4:memory:/x" of v1, "0::/x" of v2.
std::optional<std::string> membership(const std::string& text, const std::string& controller) {
  std::optional<std::string> own;
  each_line(text, [&](std::string_view line) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const bool wanted = controller.empty() ? controllers.empty() : lists(controllers, controller);
    if (wanted) own = line.substr(second + 1);
  });
  return own;
}

struct mounted {
  std::string from;  // which folder of the hierarchy
  std::string at;
};

// "31 23 0:28 /from /at options [more] - type source options"
std::optional<mounted> mount_of(const std::string& text, const std::string& controller) {
  std::optional<mounted> found;
  each_line(text, [&](std::string_view line) {
    const auto fields = words(line);
    const auto dash = std::ranges::find(fields, "-");
    if (found || fields.size() < 5 || fields.end() - dash < 4) return;
    const bool wanted = controller.empty() ? dash[1] == "cgroup2"
                                           : dash[1] == "cgroup" && lists(dash[3], controller);
    if (wanted) found = mounted{fields[3], fields[4]};
  });
  return found;
}

}  // namespace

std::optional<cgroup_path> find_cgroup(const std::string& controller, const std::string& process,
                                       const std::string& root) {
  const std::string folder = fmt::format("{}/proc/{}/", root, process);
  const auto own = membership(read_text(folder + "cgroup").text.value_or(""), controller);
  const auto mount = mount_of(read_text(folder + "mountinfo").text.value_or(""), controller);
  if (!own || !mount) return std::nullopt;
  std::string below = *own == "/" ? "" : *own;
  // A container that sees its own cgroup as the root of the mount, but not of the names.
  if (mount->from != "/" && (below + "/").starts_with(mount->from + "/"))
    below.erase(0, mount->from.size());
  return cgroup_path{root + mount->at, below};
}

std::vector<std::string> with_ancestors(const cgroup_path& path) {
  std::vector<std::string> folders;
  for (std::string own = path.own; !own.empty(); own.erase(own.rfind('/')))
    folders.push_back(path.mount + own);
  folders.push_back(path.mount);
  return folders;
}

}  // namespace tailrace::observe
