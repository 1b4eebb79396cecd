// SPDX-License-Identifier: MIT
// A target between `ready` and `result`, every step checked for what the contract says beyond the
// form of an event (harness/session): of served workloads and of those that work in process. One
// thread.
#pragma once

#include <string>
#include <vector>

#include "harness/conform/check.hpp"
#include "harness/session/target_session.hpp"

namespace tailrace::conform {

using peer = load::simple_client;
using session::count_map;

struct run_settings {
  session::option_map options = {};
  int workers = 1;
  int port = 0;
  int descriptor_limit = 0;
  std::vector<int> cpus = {};
  std::string first_command = {};  // sent before `ready` is read; empty: none
};

// With every option of the workload, as the harness starts it.
session::target_request request_of(const context& with, const std::string& workload,
                                   const run_settings& wanted = {});

// Skips where the target has no such workload; fails where an option is missing.
void require_workload(const context& with, const std::string& workload,
                      const std::vector<std::string>& options);

peer connect_to(const context& with, const std::string& address, std::uint64_t number);

class checked_target {
 public:
  checked_target(const context& with, const std::string& workload, const run_settings& wanted = {});
  // A check that fails because the target has died says so.
  ~checked_target();
  checked_target(const checked_target&) = delete;
  checked_target& operator=(const checked_target&) = delete;

  session::target_session& session() { return session_; }
  const session::ready_event& ready() const { return ready_; }
  const std::string& address() const { return ready_.addresses.front(); }
  // A connection; the number makes its bytes differ from those of others.
  peer connect(std::uint64_t number) const { return connect_to(with_, address(), number); }
  // Skips where it said at `ready` that so many connections (tasks) cannot be there at once.
  void require_room(std::int64_t wanted) const;
  // The counts, after checking that they add up and only grow.
  count_map sample();
  // Samples until the count has this value.
  count_map await_count(const std::string& name, std::int64_t value);
  // Sends `stop`; checks result, exit code 0 and the time it took.
  session::result_event stop();
  // The same once `stop` was sent.
  session::result_event await_stop() { return read_result(context::stop_limit_s); }
  // The same of a result that comes by itself.
  session::result_event await_result() { return read_result(with_.wait_s()); }
  // Ends its input, or sends SIGTERM: it ends within the 5 s of the contract.
  void end_by_closed_input();
  void end_by_sigterm();

 private:
  session::result_event read_result(double limit_s);
  void await_exit();
  void require_sound(const count_map& counts, const char* where);

  const context& with_;
  bool in_process_;
  count_map last_;  // of the last sample
  session::output_pump pump_;
  session::target_session session_;
  session::ready_event ready_;
};

std::int64_t count_at(const count_map& counts, const std::string& name);
// Of a result.
void require_count(const session::result_event& result, const std::string& name,
                   std::int64_t wanted);
// The histogram is there and holds so many values.
void require_values(const session::result_event& result, const std::string& histogram,
                    std::int64_t wanted);

// Runs the target with these words to its end; it must not go on.
struct ended_program {
  int exit_code = 0;
  std::string error_text;
};
ended_program run_to_end(const context& with, const std::vector<std::string>& words);

// A run that gives an `error` event and ends with an exit code.
struct refused_run {
  session::error_event event;
  int exit_code = 0;
};
refused_run run_refused(const context& with, const session::target_request& request);

}  // namespace tailrace::conform
