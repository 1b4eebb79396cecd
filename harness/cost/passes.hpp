// SPDX-License-Identifier: MIT
// The measurements of `tailrace cost`. Each starts fresh processes of the target for itself and
// leaves none behind, adds its metrics to the sheet, or names them absent with the cause. A target
// that crashes, hangs or lies is a cell_failure. Main thread only.
#pragma once

#include <string>

#include "harness/cost/cost_options.hpp"
#include "harness/cost/cost_sheet.hpp"
#include "harness/session/target_session.hpp"

namespace tailrace::cost {

struct measured_target {
  std::string id;
  std::string language;
  bool one_thread_a_task = false;  // its tasks are threads: not too many of them
  bool has_tasks = false;
};

// Asks it with `describe` and lets it serve a few rounds. Throws a cell_failure for one that
// cannot be measured, which skips where it cannot run on this machine.
measured_target examine_target(const cost_options& options);

// System calls per operation by kind.
void count_syscalls(const cost_options& options, int repeat, cost_sheet& sheet);
// Allocations and allocated bytes per operation.
void count_allocations(const cost_options& options, const measured_target& target, int repeat,
                       cost_sheet& sheet);
// User bytes per idle connection, before its first message and after it, and per sleeping task.
void measure_memory(const cost_options& options, const measured_target& target, int repeat,
                    cost_sheet& sheet);
// CPU time and context switches per operation.
void measure_time(const cost_options& options, int repeat, cost_sheet& sheet);
// User instructions per operation.
void count_instructions(const cost_options& options, int repeat, cost_sheet& sheet);
// Bytes of the executable.
void measure_executable(const cost_options& options, int repeat, cost_sheet& sheet);

// A request for a fresh process of the target, and limits that suit it.
session::target_request request_of(const cost_options& options);
session::target_limits limits_of(const cost_options& options);
// Starts serving; throws where it cannot serve so many connections.
void await_ready(session::target_session& session, std::uint32_t connections);

}  // namespace tailrace::cost
