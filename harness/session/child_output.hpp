// SPDX-License-Identifier: MIT
// What children print, read without trust: lines and totals are bounded, and all children are
// drained while one is waited for, so that none stalls on a full pipe. Standard error is kept as a
// tail. Main thread only. Every wait ends by its deadline, and throws interrupted on Ctrl-C.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/session/child_process.hpp"

namespace tailrace::session {

struct output_limits {
  std::size_t line_bytes = std::size_t{4} << 20;  // the protocol allows as much
  std::size_t total_bytes = std::size_t{16} << 20;
};

class child_output;

// The children that are drained together.
class output_pump {
 public:
  // Waits until one of them printed something or ended, at most until the deadline.
  void wait(std::int64_t deadline_ns);
  // What is there already, within reason.
  void drain();
  // Keeps draining until the deadline.
  void drain_until(std::int64_t deadline_ns);

 private:
  friend class child_output;
  // False: nothing came within the limit.
  bool take_ready(std::int64_t limit_ns);
  std::vector<child_output*> outputs_;
};

class child_output {
 public:
  child_output(output_pump& pump, child_process& child, output_limits limits = {});
  ~child_output();
  child_output(const child_output&) = delete;
  child_output& operator=(const child_output&) = delete;

  enum class outcome { line, ended, late, line_too_long, too_much, torn };
  // The next line without its newline. torn: what follows the last newline, at the end.
  outcome next_line(std::int64_t deadline_ns, std::string& line);
  // All of it until the end.
  outcome everything(std::int64_t deadline_ns, std::string& text);
  // Waits for the child's end, at most until the deadline. The raw wait status.
  std::optional<int> wait_exit(std::int64_t deadline_ns);
  bool ended() const { return out_fd_ < 0; }
  // Last 2 KiB of standard error, as valid text.
  std::string error_tail() const;

 private:
  friend class output_pump;
  void take(int& fd, bool is_error);
  output_pump& pump_;
  child_process& child_;
  output_limits limits_;
  int out_fd_;
  int err_fd_;
  std::string pending_;
  std::string error_;
  std::size_t total_ = 0;
};

// A few words of untrusted text, printable, for a cause.
std::string quoted_excerpt(std::string_view text, std::size_t most = 60);

}  // namespace tailrace::session
