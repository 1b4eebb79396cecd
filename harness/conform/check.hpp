// SPDX-License-Identifier: MIT
// A check of the target contract: a name, what it demands, and a function that throws a refusal
// with the reason, or with the code `unsupported` and the cause for which it is skipped. Every wait
// inside a check ends: at patience, or when the time of the whole run is up. One thread.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "harness/load/simple_client.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/description.hpp"

namespace tailrace::conform {

inline void require(bool holds, const std::string& why_not) {
  if (!holds) throw refusal(why_not);
}

[[noreturn]] inline void skip(const std::string& cause) {
  throw refusal(cause, refusal::unsupported);
}

struct context {
  std::string target;
  session::option_map settings;    // given to every run of a workload that has them
  session::description described;  // filled in by the first check
  load::client_patience patience;  // for one answer, and the end of the whole run
  mutable std::string death;  // of the target within the check that is failing: the likely cause

  // How long one answer may take.
  double wait_s() const {
    const auto left = static_cast<double>(patience.end_ns - observe::monotonic_ns()) / 1e9;
    return std::clamp(left, 0.0, patience.step_s);
  }
  // Until when.
  std::int64_t soon() const { return patience.deadline(patience.step_s); }
  static constexpr double stop_limit_s = 5;
};

// Whether the options of a target can change what the check sees.
enum class depends { on_options, on_nothing };

struct check {
  const char* name;
  const char* demand;  // one line for the reader
  void (*run)(context&);
  depends dependence = depends::on_options;
};

// The first needs no running target; all others need `gets_ready` to have passed.
std::span<const check> protocol_checks();
std::span<const check> byte_checks();
std::span<const check> connection_checks();
std::span<const check> life_checks();
std::span<const check> hog_checks();
std::span<const check> timer_checks();
std::span<const check> file_checks();

}  // namespace tailrace::conform
