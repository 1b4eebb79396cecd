// SPDX-License-Identifier: MIT
// One target process, spoken to by the target protocol (runtimes/PROTOCOL.md) without trust: every
// answer has a deadline and a bounded length, and whatever breaks the protocol is a refusal that
// says what; where the target hangs, with the place where each of its threads waits. Destroying
// the session ends the process and what it started, whatever its state. Several may be alive at
// once, on one pump or more. Main thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"
#include "harness/session/description.hpp"
#include "harness/session/target_event.hpp"

namespace tailrace::session {

struct target_request {
  std::string program;
  std::string workload = "echo";
  int workers = 1;
  std::vector<int> cpus;  // that the process is confined to; empty: as the harness
  int port = 0;           // 0: any
  option_map options;     // all of the workload's: options_of() (description.hpp)
  int descriptor_limit = 0;
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
  target_session(const target_session&) = delete;
  target_session& operator=(const target_session&) = delete;

  int pid() const { return child_.pid(); }
  // Exit code 3 before it is a refusal with the code `unsupported`.
  ready_event wait_ready();
  // The first address of `ready`; throws where there is none.
  std::string address() const;
  // Called again and again while an answer is awaited; empty: no more.
  void while_waiting(std::function<void()> act) { meanwhile_ = std::move(act); }
  void start();
  count_map sample();
  // Samples until the count has this value.
  count_map await_count(const std::string& name, std::int64_t value, double limit_s);
  // Sends `stop`, returns the `result` event, and waits for the exit.
  result_event stop();
  // The same where the result comes by itself: of in-process work, after start().
  result_event await_result(double limit_s);
  // Waits for its end. The raw wait status.
  std::optional<int> wait_exit(double limit_s);
  // Once it has exited.
  std::optional<int> exit_code();
  std::string error_tail() const { return output_.error_tail(); }
  // Throws a refusal if it has ended by itself.
  void require_alive(const std::string& when);
  // Waits, while the output of all children is read.
  void drain_for(double seconds);

  // What is below, for whoever has to see violations of the protocol (harness/conform).
  child_process& child() { return child_; }
  // The next event; nothing at the end of output.
  std::optional<target_event> next_event(double limit_s, const std::string& wanted);
  void send(const std::string& command);

 private:
  template <class Event>
  Event expect(double limit_s, const std::string& wanted);
  child_output::outcome next_line(std::int64_t deadline_ns, std::string& line);
  [[noreturn]] void fail_on_end(const std::string& wanted);
  [[noreturn]] void fail_on_error(const error_event& event);
  [[noreturn]] void fail_on_time(const std::string& cause) const;

  output_pump& pump_;
  target_limits limits_;
  child_process child_;
  child_output output_;
  std::string address_;
  std::function<void()> meanwhile_;
};

// of_what: `connections` or `tasks`. Throws a refusal (unsupported) where there is room for fewer.
void require_room(std::int64_t room, std::string_view of_what, std::int64_t wanted);

}  // namespace tailrace::session
