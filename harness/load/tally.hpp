// SPDX-License-Identifier: MIT
// What one thread counted and timed, and the exact sum over threads. Only requests planned inside
// the measured phase are counted; the phase's identities are checked before anything is printed:
//   planned = sent + skipped_late + never_sent
//   sent = ok + wrong + errors + timed_out + in_flight
// One tally a thread and class of connections, merged after the threads have ended.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/load/histogram.hpp"

namespace tailrace::load {

struct request_counts {
  std::uint64_t planned = 0;
  std::uint64_t sent = 0;
  std::uint64_t skipped_late = 0;
  std::uint64_t never_sent = 0;
  std::uint64_t ok = 0;
  std::uint64_t wrong = 0;
  std::uint64_t errors = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t in_flight = 0;

  void add(const request_counts& other) noexcept;
  // Aborts with the values where an identity does not hold: that is a bug of ours, never of the
  // server.
  void check_identities() const noexcept;
};

// Whole messages over the whole run, warm-up and drain included: what a server's own count of
// messages must lie between.
struct whole_run_counts {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
};

// Answers in steps of 100 ms since the start of the measured phase, by the time they came. Keeps a
// sparse copy of each finished window, about 2 KiB, so that threads' windows merge exactly.
class window_series {
 public:
  static constexpr std::int64_t width_ns = 100'000'000;
  using sparse = std::vector<histogram::bucket>;

  // Times must not decrease by a window or more; an answer before the phase belongs to its first
  // window.
  void record(std::int64_t since_start_ns, std::int64_t value_ns) {
    if (since_start_ns >= current_end_ns_) [[unlikely]]
      advance_to(since_start_ns);
    current_.record(value_ns);
  }
  // Closes the window in progress; call once, after the last record().
  void finish();
  [[nodiscard]] const std::vector<sparse>& windows() const noexcept { return closed_; }

 private:
  void advance_to(std::int64_t since_start_ns);

  histogram current_;
  std::int64_t current_end_ns_ = width_ns;
  std::vector<sparse> closed_;
};

struct window_summary {
  double t_s = 0;  // the window's end since the start of the measured phase
  std::uint64_t ok = 0;
  std::int64_t p50_ns = 0;
  std::int64_t p99_ns = 0;
  std::int64_t max_ns = 0;
};

struct tally {
  request_counts counts;
  whole_run_counts whole_run;
  // Answer - plan, whether it was right and in time or not; what was due and got no answer, at its
  // age at the end: as many as were planned, without what was not yet due when all connections were
  // lost.
  histogram response;
  // Of what was sent, from the actual send; stays empty in the closed loop, where it is equal.
  histogram service;
  histogram lateness;  // actual send - planned send; open loop
  // Of that, how late the loop itself came to the request; without the wait for a full socket or
  // window, which is the server's doing. Of all requests it came to, also those it then skipped.
  histogram client_delay;
  histogram connect;  // also of connections made again
  window_series windows;
  std::map<std::string, std::uint64_t> errors_by_name;  // requests, so they add up to counts.errors
  std::map<std::string, std::uint64_t> lost_connections;  // by cause, over the whole run
  std::uint64_t reconnects = 0;  // connections made again, over the whole run
  std::uint64_t extra_bytes = 0;
  std::uint64_t answered_in_phase =
      0;  // right answers that came inside the phase, whenever planned
  // Planned before the measured phase, and wrong, too late or without an answer, sent or not.
  std::uint64_t warmup_failures = 0;
  std::int64_t user_us = 0;  // of the thread inside the phase
  std::int64_t system_us = 0;
  std::int64_t idle_spin_ns = 0;  // of these, polling while nothing was due
  std::int64_t finished_ns = 0;   // absolute, last answer or end of the drain
  bool all_connections_lost = false;

  // Adds everything but the windows, which summarize_windows() merges.
  void add(const tally& other);
};

// Merges the windows of all threads; one entry for each window up to the last with an answer, at
// least `at_least`.
[[nodiscard]] std::vector<window_summary> summarize_windows(
    const std::vector<const window_series*>& threads, std::size_t at_least);

}  // namespace tailrace::load
