// SPDX-License-Identifier: MIT
// Files that are whole or not there: written under another name, fsynced, renamed; and a line file
// to which whole lines are appended, each fsynced. Every failure (read-only, full, not a folder) is
// a refusal with one sentence. Costs an fsync a call: not for hot paths. One thread a file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::record {

void write_whole(const std::filesystem::path& path, std::string_view content);

// Reads at most `bytes_max`; more, or no such file, is a refusal.
std::string read_whole(const std::filesystem::path& path, std::size_t bytes_max);

// Points the link at the target in one step.
void replace_link(const std::filesystem::path& link, const std::filesystem::path& target);

class line_file {
 public:
  // Opens for appending; makes it when absent. Refused, after a second of trying, while another
  // line_file has it, of this process or another (where the file system has locks). A last line
  // without its newline (a crash in the middle of a write) is cut off: it was never acknowledged.
  explicit line_file(std::filesystem::path path);
  line_file(const line_file&) = delete;
  line_file& operator=(const line_file&) = delete;
  ~line_file();
  // In one write; no line contains a newline. After a failed write the file is cut back to what it
  // was.
  void append(const std::vector<std::string>& lines);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  long long size_ = 0;
};

// The whole lines of a file, without a torn last one.
std::vector<std::string> whole_lines(std::string_view content);

}  // namespace tailrace::record
