// SPDX-License-Identifier: MIT
// What came of a load run, or of several slices over the same connections added up. Plain data;
// the arithmetic is exact: counts and histograms are sums, rates follow from them. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/load/load_class.hpp"
#include "harness/load/load_options.hpp"
#include "harness/load/tally.hpp"

namespace tailrace::load {

struct class_result {
  load_class asked;
  tally counted;
  double offered_per_s = 0;
  double achieved_per_s = 0;
};

struct load_result {
  load_options options;
  tally total;  // of all classes
  // Both classes where the connections are split (load_class.hpp), else empty.
  std::vector<class_result> classes;
  // The class whose latency leads; empty: that of all does.
  std::string leading_class;
  std::vector<window_summary> windows;
  std::vector<std::string> engine_granted;  // flags that io_uring obtained
  std::uint64_t receives_starved = 0;       // of io_uring: receives that found no buffer
  std::uint32_t connections_opened = 0;
  double phase_s = 0;    // the measured phase: duration_s, less when stopped early
  double elapsed_s = 0;  // from its start to the last answer or the end of the drain
  double offered_per_s = 0;
  double achieved_per_s = 0;  // right answers that came inside the measured phase
  double bytes_per_s = 0;
  double busy_share = 0;  // CPU time of the threads without idle polling, of the phase
  std::size_t answer_bytes = 0;
  bool all_connections_lost = false;  // before the end
  bool server_died = false;           // likewise, and nobody accepts a new one
  bool stopped_early = false;

  // Whose response times and windows stand for the run.
  [[nodiscard]] const tally& leading() const noexcept {
    return leading_class.empty() ? total : classes.front().counted;
  }
  // Whether something was answered (or the run was stopped early), all that was sent was answered
  // rightly and in time, all that was planned was sent but for what --skip-late-us allows, and no
  // connection was lost.
  [[nodiscard]] bool clean() const noexcept;
  // Rates and shares from counts and lengths.
  void compute_rates();
  // Adds a further slice of the same options, its windows after those that are here.
  void add(const load_result& slice);
};

}  // namespace tailrace::load
