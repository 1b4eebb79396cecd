// SPDX-License-Identifier: MIT
// One target process, spoken to by the target protocol (runtimes/PROTOCOL.md) without trust: every
// answer has a deadline and a bounded length, and whatever breaks the protocol is a cell_failure
// that says what. Destroying the session ends the process, whatever its state. Main thread only.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"

namespace tailrace::session {

struct target_request {
  std::string program;
  std::string workload = "echo";
  int workers = 1;
  std::vector<int> cpus;
  int port = 0;  // 0: any
  std::map<std::string, std::string> options;
  std::string cgroup_join_path;
  std::function<void(int)> before_exec = {};  // see child_process.hpp
  std::function<int()> in_child = {};         // the same
  std::vector<std::string> wrapper;  // the command that runs the program's command, by its path
};

struct target_limits {
  double ready_s = 20;
  double sample_s = 10;
  double stop_s = 6;   // the protocol grants 5
  double work_s = 60;  // in-process work, beyond what it should take: a starved machine, sanitizers
  output_limits output;
};

class target_session {
 public:
  target_session(output_pump& pump, const target_request& request, const target_limits& limits);
  ~target_session();
  target_session(const target_session&) = delete;
  target_session& operator=(const target_session&) = delete;

  int pid() const { return child_.pid(); }
  // The `ready` event. Exit code 3 before it is a skip.
  nlohmann::json wait_ready();
  // The first address of `ready`.
  std::string address() const { return address_; }
  // Called again and again while an answer is awaited; empty: no more.
  void while_waiting(std::function<void()> act) { meanwhile_ = std::move(act); }
  void start();
  // The `counts` of a `sample` event.
  nlohmann::json sample();
  // Sends `stop`, returns the `result` event, and waits for the exit.
  nlohmann::json stop();
  // The same where the result comes by itself: of in-process work, after start().
  nlohmann::json await_result(double limit_s);
  // Once it has exited.
  std::optional<int> exit_code();
  std::string error_tail() const { return output_.error_tail(); }
  // Throws a cell_failure if it has ended by itself.
  void require_alive(const std::string& when);

 private:
  nlohmann::json next_event(double limit_s, const std::string& wanted);
  child_output::outcome next_line(std::int64_t deadline_ns, std::string& line);
  [[noreturn]] void fail_on_end(const std::string& wanted);
  void send(const std::string& command);

  target_limits limits_;
  child_process child_;
  child_output output_;
  std::string address_;
  std::function<void()> meanwhile_;
};

// of_what: `connections` or `tasks`. Throws a cell_failure that skips where the target's `ready`
// says that it has room for fewer at once.
void require_room(const nlohmann::json& ready, std::string_view of_what, std::int64_t wanted);

}  // namespace tailrace::session
