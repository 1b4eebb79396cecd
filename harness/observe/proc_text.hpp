// SPDX-License-Identifier: MIT
// Reads the small text files of /proc and /sys. A file that cannot be read is a value (the errno
// name in words), since most of them are optional. Any thread; a few microseconds a file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::observe {

struct file_text {
  std::optional<std::string> text;  // at most 1 MiB of it
  std::string cause;                // why there is none
};
file_text read_text(const std::string& path);
// Into a file of the kernel that is there. False where it does not take it.
bool write_text(const std::string& path, std::string_view text);

// The text without surrounding white space.
std::string trimmed(std::string_view text);
std::optional<std::int64_t> to_integer(std::string_view text);
std::vector<std::string> words(std::string_view text);

// `Name:   123 kB` or `name 123` lines -> name and number (kB lines in bytes). Others are left out.
std::map<std::string, std::int64_t> number_lines(std::string_view text);

// Numeric entries of a folder: process ids in /proc, thread ids in /proc/PID/task.
std::vector<int> numeric_entries(const std::string& folder);
// Of an open folder, from its start; the descriptor stays the caller's, who uses it in one thread.
std::vector<int> numeric_entries(int folder);

// Of a process; nullopt where it may not be looked at.
std::optional<int> open_descriptors(int pid);
// Cpus_allowed_list of every thread.
std::vector<std::string> allowed_cpus_of_threads(int pid);

// "0,2-3" -> {0,2,3}; nullopt where it is not such a list or names a CPU above 4095.
std::optional<std::vector<int>> parse_cpus(std::string_view text);
std::string cpus_text(const std::vector<int>& cpus);

}  // namespace tailrace::observe
