// SPDX-License-Identifier: MIT
// See process_view.hpp. Formats: proc(5).
#include "harness/conform/process_view.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tailrace::conform {
namespace {

std::string folder(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

// The text after "name:" in a status file, or nothing.
std::optional<std::string> status_field(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ":", 0) != 0) continue;
    const std::size_t start = line.find_first_not_of(" \t", name.size() + 1);
    return start == std::string::npos ? std::string() : line.substr(start);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> resident_bytes(pid_t pid) {
  const auto text = status_field(folder(pid) + "/status", "VmRSS");
  std::int64_t kib = 0;
  if (!text || !(std::istringstream(*text) >> kib)) return std::nullopt;
  return kib * 1024;
}

std::optional<int> open_descriptors(pid_t pid) {
  std::error_code error;
  int count = 0;
  for (std::filesystem::directory_iterator entry(folder(pid) + "/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  if (error) return std::nullopt;
  return count;
}

std::optional<double> cpu_seconds(pid_t pid) {
  std::ifstream file(folder(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  const std::size_t name_end = text.rfind(')');  // the name may hold blanks and brackets
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    rest >> skipped;  // fields 3 to 13
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(rest >> user >> system)) return std::nullopt;
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::vector<std::string> allowed_cpus_of_threads(pid_t pid) {
  std::vector<std::string> lists;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder(pid) + "/task", error), end;
       !error && entry != end; entry.increment(error)) {
    if (auto list = status_field(entry->path() / "status", "Cpus_allowed_list")) {
      lists.push_back(*list);
    }
  }
  return lists;
}

}  // namespace tailrace::conform
