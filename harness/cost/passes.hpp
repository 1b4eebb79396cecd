// SPDX-License-Identifier: MIT
// The measurements of `tailrace cost`. Each starts fresh processes of the target for itself and
// leaves none behind, adds its metrics to the sheet, or names them absent with the cause. A target
// that crashes, hangs or lies is a refusal. Main thread only.
#pragma once

#include <functional>
#include <string>

#include "harness/cost/cost_options.hpp"
#include "harness/cost/cost_sheet.hpp"
#include "harness/cost/echo_rounds.hpp"
#include "harness/session/description.hpp"
#include "harness/session/target_session.hpp"

namespace tailrace::cost {

struct measured_target {
  cost_options options;
  session::description described;

  // For a fresh process: those of the options that the workload has, and `more`.
  session::target_request request(const std::string& workload,
                                  const session::option_map& more = {}) const;
  session::target_request request() const { return request(options.workload); }
  session::target_limits limits() const;
};

// Lets it serve a few rounds. Throws a refusal for one that cannot be measured (unsupported: it
// cannot run on this machine).
measured_target examine_target(const cost_options& options, const session::description& described);

// A fresh process under load.
class serving_target {
 public:
  // `while_starting` is called again and again until it is ready.
  serving_target(const measured_target& target, const session::target_request& request,
                 const session::target_limits& limits,
                 const std::function<void()>& while_starting = {});
  explicit serving_target(const measured_target& target)
      : serving_target(target, target.request(), target.limits()) {}

 private:
  session::output_pump pump_;

 public:
  session::target_session session;
  echo_rounds load;  // no connection is open yet
};

// Waits until it serves, and returns its address. Throws where it cannot serve so many connections.
std::string await_address(session::target_session& session, std::uint32_t connections);

// System calls per operation by kind.
void count_syscalls(const measured_target& target, int repeat, cost_sheet& sheet);
// Allocations and allocated bytes per operation.
void count_allocations(const measured_target& target, int repeat, cost_sheet& sheet);
// User bytes per idle connection, before its first message and after it, and per sleeping task.
void measure_memory(const measured_target& target, int repeat, cost_sheet& sheet);
// CPU time and context switches per operation.
void measure_time(const measured_target& target, int repeat, cost_sheet& sheet);
// User instructions per operation.
void count_instructions(const measured_target& target, int repeat, cost_sheet& sheet);
// Bytes of the executable.
void measure_executable(const measured_target& target, int repeat, cost_sheet& sheet);

// All that the options want, as often as they say.
cost_sheet run_passes(const measured_target& target);

}  // namespace tailrace::cost
