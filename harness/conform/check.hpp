// SPDX-License-Identifier: MIT
// A check of the target contract: a name, what it demands, and a function that throws check_failed
// with the reason or check_skipped with the cause. Every wait inside a check ends: at patience, or
// when the time of the whole run is up. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace tailrace::conform {

using steady = std::chrono::steady_clock;

struct check_failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct check_skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& why_not) {
  if (!holds) throw check_failed(why_not);
}

// What `describe` told.
struct description {
  std::string id;
  std::vector<std::string> workloads;
  std::map<std::string, std::string> options;  // name -> default
  bool available = true;
  std::string cause;
};

struct context {
  std::string target;
  std::vector<std::string> settings;           // name=value, given to every run
  description described;                       // filled in by the first check
  std::chrono::milliseconds patience{10'000};  // for one answer
  steady::time_point end;                      // of the whole run
  mutable std::string death;  // of the target within the check that is failing: the likely cause

  // Until when one answer may take.
  steady::time_point soon() const { return std::min(steady::now() + patience, end); }
  std::chrono::milliseconds stop_limit() const { return std::chrono::milliseconds{5'000}; }
};

struct check {
  const char* name;
  const char* demand;  // one line for the reader
  void (*run)(context&);
};

// The first two need no running target; all others need `target_gets_ready` to have passed.
std::span<const check> protocol_checks();
std::span<const check> byte_checks();
std::span<const check> connection_checks();
std::span<const check> life_checks();
std::span<const check> hog_checks();
std::span<const check> timer_checks();
std::span<const check> file_checks();

}  // namespace tailrace::conform
