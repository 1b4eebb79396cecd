// SPDX-License-Identifier: MIT
// One child process with pipes on its three standard streams, in a process group of its own (the
// terminal's Ctrl-C does not reach it), which the kernel kills when the harness dies. Destroying
// the object kills and reaps the whole group: no child outlives it. Main thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::session {

struct child_command {
  std::vector<std::string> argv;      // argv[0] is the program's path
  std::vector<int> cpus = {};         // affinity; empty: as the harness
  std::string cgroup_join_path = {};  // the file to write "0" to, or empty
  int descriptor_limit = 0;           // RLIMIT_NOFILE; 0: as many as are allowed
  // Called with the child's id while it waits to execute its program; may be empty.
  std::function<void(int)> before_exec = {};
  // Called in the child just before that, once before_exec has returned: 0, or the errno for which
  // the program is not executed. May be empty.
  std::function<int()> in_child = {};
};

class child_process {
 public:
  // Throws a refusal when the program cannot be executed.
  explicit child_process(const child_command& command);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  int pid() const { return pid_; }
  int out_fd() const { return out_fd_; }  // non-blocking
  int err_fd() const { return err_fd_; }  // non-blocking
  // False when the child reads no more: it has ended, or its pipe is full and stays so for 5 s.
  bool write(std::string_view bytes);
  bool write_line(const std::string& line) { return write(line + "\n"); }
  void close_input();

  // Looks once, without waiting: child_output::wait_exit() waits. The raw wait status, kept after
  // the reaping.
  std::optional<int> poll_exit();
  void signal(int number);  // to the child alone

 private:
  void end_group();  // kills and reaps it
  int pid_ = -1;
  int in_fd_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::optional<int> status_;
};

// "exited with 3", "was ended by signal 11 (Segmentation fault)".
std::string exit_text(int wait_status);
// The exit code, or 128 + signal.
int exit_code(int wait_status);

// Adopts grandchildren whose parent died, so that they are reaped with their group. Once, at start.
void adopt_orphans();

}  // namespace tailrace::session
