// SPDX-License-Identifier: MIT
// See proc_text.hpp.
#include "harness/observe/proc_text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>

namespace tailrace::observe {
namespace {

constexpr std::size_t text_bytes_max = std::size_t{1} << 20;
constexpr int cpu_max = 4095;
constexpr std::string_view white = " \t\r\n";

}  // namespace

file_text read_text(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {std::nullopt, path + ": " + std::strerror(errno)};
  std::string text;
  char piece[16384];
  while (text.size() < text_bytes_max) {
    const ssize_t count = ::read(fd, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const std::string cause = path + ": " + std::strerror(errno);
      ::close(fd);
      return {std::nullopt, cause};
    }
    if (count == 0) break;
    text.append(piece, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return {text, ""};
}

bool write_text(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t written = ::write(fd, text.data(), text.size());
  ::close(fd);
  return written == static_cast<ssize_t>(text.size());
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(white) - first + 1));
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  for (;;) {
    const auto first = text.find_first_not_of(white);
    if (first == std::string_view::npos) return all;
    text.remove_prefix(first);
    const auto end = std::min(text.find_first_of(white), text.size());
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::map<std::string, std::int64_t> number_lines(std::string_view text) {
  std::map<std::string, std::int64_t> numbers;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() < 2) continue;
    if (line[0].ends_with(':')) line[0].pop_back();
    const auto value = to_integer(line[1]);
    if (!value) continue;
    numbers[line[0]] = *value * (line.size() > 2 && line[2] == "kB" ? 1024 : 1);
  }
  return numbers;
}

std::vector<int> numeric_entries(const std::string& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return {};
  const auto entries = numeric_entries(opened);
  ::close(opened);
  return entries;
}

std::vector<int> numeric_entries(int folder) {
  std::vector<int> entries;
  alignas(dirent64) char piece[16384];
  ::lseek(folder, 0, SEEK_SET);
  for (;;) {
    const ssize_t count = ::getdents64(folder, piece, sizeof piece);
    if (count <= 0) return entries;
    for (ssize_t at = 0; at < count;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(piece + at);
      const auto number = to_integer(entry->d_name);
      if (number && *number > 0) entries.push_back(static_cast<int>(*number));
      at += entry->d_reclen;
    }
  }
}

std::optional<int> open_descriptors(int pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  if (::access(folder.c_str(), R_OK) != 0) return std::nullopt;
  return static_cast<int>(numeric_entries(folder).size());
}

std::vector<std::string> allowed_cpus_of_threads(int pid) {
  constexpr std::string_view name = "Cpus_allowed_list:";
  const std::string folder = "/proc/" + std::to_string(pid) + "/task/";
  std::vector<std::string> lists;
  for (const int thread : numeric_entries(folder)) {
    const std::string text =
        read_text(folder + std::to_string(thread) + "/status").text.value_or("");
    const std::size_t at = text.find(name);
    if (at == std::string::npos) continue;
    const std::size_t from = at + name.size();
    lists.push_back(trimmed(text.substr(from, text.find('\n', from) - from)));
  }
  return lists;
}

std::optional<std::vector<int>> parse_cpus(std::string_view text) {
  std::set<int> cpus;
  const std::string whole = trimmed(text);
  std::string_view rest = whole;
  for (;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    const auto dash = std::min(part.find('-'), part.size());
    const auto low = to_integer(part.substr(0, dash));
    const auto high = dash < part.size() ? to_integer(part.substr(dash + 1)) : low;
    if (!low || !high || *low < 0 || *high < *low || *high > cpu_max) return std::nullopt;
    for (auto cpu = *low; cpu <= *high; ++cpu)
      cpus.insert(static_cast<int>(cpu));
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  return std::vector<int>(cpus.begin(), cpus.end());
}

std::string cpus_text(const std::vector<int>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1)
      ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (last > i) text += (last > i + 1 ? "-" : ",") + std::to_string(cpus[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace tailrace::observe
