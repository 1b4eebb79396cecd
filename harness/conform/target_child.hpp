// SPDX-License-Identifier: MIT
// A target as a child process: its events read line by line with bounds and deadlines, its commands
// written, its end awaited. Whatever happens, the destructor leaves no process behind. Violations
// of the protocol itself (a line that is no JSON object, an unknown event, an overlong line) throw
// check_failed from whoever reads. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/conform/check.hpp"

namespace tailrace::conform {

using count_map = std::map<std::string, std::int64_t>;

// A metric of a result: one number, or a list with one a worker.
struct metric_value {
  bool is_list = false;
  std::vector<std::int64_t> numbers;
};
using metric_map = std::map<std::string, metric_value>;

struct target_event {
  std::string kind;  // ready, sample, result or error
  // ready:
  pid_t pid = 0;
  std::vector<std::string> addresses;
  std::string backend;
  int workers = 0;
  std::int64_t connections_at_once = INT64_MAX;  // as many are served; others wait
  std::int64_t tasks_at_once = INT64_MAX;        // in process: the same of tasks
  // sample: when; sample and result: what.
  std::int64_t t_ns = 0;
  count_map counts;
  // result:
  metric_map metrics;
  std::map<std::string, std::string> histograms;
  // error:
  std::string message;
  std::string remedy;
};

class target_child {
 public:
  struct how {
    std::vector<std::string> arguments;
    int descriptor_limit = 0;  // RLIMIT_NOFILE of the child; 0: as ours
  };
  target_child(const std::string& target, const how& wanted);
  ~target_child();
  target_child(const target_child&) = delete;
  target_child& operator=(const target_child&) = delete;

  // The next line of standard output; nothing at its end. Throws where none comes until then.
  std::optional<std::string> next_line(steady::time_point until);
  // The next event, checked for its form; nothing at the end of output.
  std::optional<target_event> next_event(steady::time_point until);
  // The same where the next event has to be of this kind.
  target_event expect(const std::string& kind, steady::time_point until);

  void command(const std::string& word);  // a line; a target that is gone is not an error here
  void write_raw(const std::string& bytes);
  void close_input();
  void signal(int number);
  // Waits for the end. Exit code, or 128 + signal number. Throws where it does not end until then.
  int exit_code(steady::time_point until);
  bool has_ended();
  std::string error_text() const;  // what it wrote on standard error, at most 64 KiB
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;  // a sealed memfd: neither blocks the target nor grows
  std::optional<int> status_;
  std::string pending_;
  bool output_ended_ = false;
};

// `TARGET run --workload W ...settings ...more`, up to its `ready` event.
class running_target {
 public:
  running_target(const context& with, const std::string& workload,
                 const std::vector<std::string>& more = {}, int descriptor_limit = 0);
  ~running_target();
  running_target(const running_target&) = delete;
  running_target& operator=(const running_target&) = delete;

  target_child& child() { return child_; }
  const target_event& ready() const { return ready_; }
  // Throws check_skipped where it told at ready that it serves fewer at once (runtimes/README.md).
  void require_room(std::int64_t connections) const;
  const std::string& address() const { return ready_.addresses.front(); }
  // Sends `sample` and returns the counts, after checking that they add up.
  count_map sample();
  // Samples until the count has this value.
  count_map await_count(const std::string& name, std::int64_t value);
  // Sends `stop`; checks result, counts, exit code 0 and the time it took. Returns the counts.
  count_map stop();
  count_map await_result();  // the same after `stop` was sent already

 private:
  const context& with_;
  std::string workload_;
  count_map last_;  // of the last sample: counts only grow
  target_child child_;
  target_event ready_;
};

std::vector<std::string> run_arguments(const context& with, const std::string& workload,
                                       const std::vector<std::string>& more);
// accepted = closed + open, nothing negative, nothing missing.
void require_adding_up(const count_map& counts, const std::string& workload);
// Documented names have their documented shape, lists one number a worker, nothing is negative.
void require_shape(const metric_map& metrics, int workers);

}  // namespace tailrace::conform
