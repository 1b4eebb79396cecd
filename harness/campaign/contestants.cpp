// SPDX-License-Identifier: MIT
// See contestants.hpp.
#include "harness/campaign/contestants.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>

#include "harness/record/refusal.hpp"
#include "harness/session/child_output.hpp"
#include "harness/session/description.hpp"

namespace tailrace::campaign {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "tailrace-target-";
constexpr const char* note_suffix = ".absent";

}  // namespace

// FNV-1a.
std::string program_digest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t hash = 14695981039346656037U;
  char piece[65536];
  while (file.read(piece, sizeof piece) || file.gcount() > 0) {
    for (std::streamsize i = 0; i < file.gcount(); ++i) {
      hash = (hash ^ static_cast<unsigned char>(piece[i])) * 1099511628211U;
    }
  }
  return fmt::format("{:016x}", hash);
}

namespace {

session::description not_available(std::string cause, std::string remedy) {
  session::description about;
  about.family = "unknown";
  about.order = test_server_order - 1;  // after all that describe themselves
  about.forms = {{"best", {}}, {"default", {}}};
  about.cause = std::move(cause);
  about.remedy = std::move(remedy);
  return about;
}

contestant describe(const std::string& id, const std::string& path) {
  contestant made = {id, path, program_digest(path), {}};
  try {
    made.about = session::describe_target(path);
    if (made.about.id != id) {
      throw refusal(fmt::format("{} describes itself as {}, not as {}", path,
                                session::quoted_excerpt(made.about.id), id));
    }
  } catch (const refusal& refused) {
    made.about = not_available(refused.cause(), fmt::format("run `{} describe` to see", path));
  }
  return made;
}

}  // namespace

std::vector<std::string> target_folders(const std::string& extra) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  std::vector<std::string> folders;
  if (!error) folders.push_back(self.parent_path().string());
  if (!extra.empty()) folders.push_back(extra);
  return folders;
}

std::map<std::string, contestant> find_contestants(const std::vector<std::string>& folders) {
  std::map<std::string, std::string> paths;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix) || !entry.is_regular_file(error)) continue;
      if (::access(entry.path().c_str(), X_OK) != 0) continue;
      paths[name.substr(std::string(prefix).size())] = entry.path().string();
    }
  }
  std::map<std::string, contestant> found;
  for (const auto& [id, path] : paths)
    found.emplace(id, describe(id, path));
  return found;
}

std::vector<contestant> in_order(const std::map<std::string, contestant>& contestants) {
  std::vector<contestant> list;
  for (const auto& each : contestants)
    list.push_back(each.second);
  std::ranges::sort(list, {},
                    [](const contestant& each) { return std::pair(each.about.order, each.id); });
  return list;
}

namespace {

// What the build left beside the executables where it could not make this one: a line that says why
// and what to do. The last folder that has one counts, as with executables.
std::string absence_note(const std::string& id, const std::vector<std::string>& folders) {
  constexpr std::size_t most = 300;
  std::string note;
  for (const std::string& folder : folders) {
    std::ifstream file(fmt::format("{}/{}{}{}", folder, prefix, id, note_suffix));
    char line[most] = {};
    file.get(line, most);  // of a longer line the beginning
    if (line[0] != '\0') note = line;
  }
  return note;
}

}  // namespace

std::vector<std::string> peers_in(const std::vector<std::string>& folders,
                                  const std::map<std::string, contestant>& found) {
  std::set<std::string> ids;
  for (const auto& [id, who] : found)
    if (who.about.family == "peer") ids.insert(id);
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix) || !name.ends_with(note_suffix)) continue;
      name.resize(name.size() - std::string_view(note_suffix).size());
      ids.insert(name.substr(std::string_view(prefix).size()));
    }
  }
  return {ids.begin(), ids.end()};
}

std::vector<std::string> peers_beside(const std::vector<std::string>& chosen,
                                      const std::map<std::string, contestant>& found) {
  std::vector<std::string> ids;
  for (const auto& [id, who] : found) {
    const bool can_run = who.about.family == "peer" && who.about.available;
    if (can_run && std::ranges::count(chosen, id) == 0) ids.push_back(id);
  }
  return ids;
}

contestant null_server(const std::vector<std::string>& folders) {
  contestant found = {null_id, "", "",
                      not_available(fmt::format("there is no executable {}{} in {}/servers", prefix,
                                                null_id, folders.empty() ? "." : folders.front()),
                                    "build it, or leave `null` out of the profile")};
  found.about.order = test_server_order;
  for (const std::string& folder : folders) {
    for (const std::string& path : {fmt::format("{}/servers/{}{}", folder, prefix, null_id),
                                    fmt::format("{}/{}{}", folder, prefix, null_id)})
      if (::access(path.c_str(), X_OK) == 0) found = describe(null_id, path);
  }
  return found;
}

contestant contestant_or_missing(const std::map<std::string, contestant>& found,
                                 const std::string& id, const std::vector<std::string>& folders) {
  if (const auto at = found.find(id); at != found.end()) return at->second;
  for (const std::string& folder : folders) {
    const std::string servers = folder + "/servers";
    if (::access(fmt::format("{}/{}{}", servers, prefix, id).c_str(), X_OK) != 0) continue;
    contestant server = {id, "", "",
                         not_available("it is a test server, kept apart from the contestants",
                                       "give its folder: --targets " + servers)};
    server.about.order = test_server_order;
    return server;
  }
  const std::string note = absence_note(id, folders);
  if (!note.empty())
    return {id, "", "", not_available(note, "do so, then build again with scripts/build release")};
  return {id, "", "",
          not_available(fmt::format("there is no executable {}{} in {}", prefix, id,
                                    folders.empty() ? "." : folders.front()),
                        "build it (scripts/setup names the packages that it needs), or give its "
                        "folder with --targets")};
}

}  // namespace tailrace::campaign
