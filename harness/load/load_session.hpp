// SPDX-License-Identifier: MIT
// Connections to one server that stay open, and load over them in slices: each slice is a whole
// run (settling, measured phase, drain) with a seed and lengths of its own. Threads are started and
// pinned once and sleep between slices; all of them begin a slice at the same instant.
//
// What is on the wire at the end of a slice is counted there, in flight; its answer is compared
// when it comes and then dropped. A connection that was lost stays lost; one that was being made
// again at the end is begun afresh once there is something to send.
// One thread may use a session; sessions share no state, and one slice at a time should run.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/load/load_options.hpp"
#include "harness/load/load_result.hpp"
#include "harness/load/load_worker.hpp"

namespace tailrace::load {

class load_session {
 public:
  struct slice {
    double settle_s = 0;
    double duration_s = 0;
    std::uint64_t seed = 1;
  };

  // Opens the connections. Throws a refusal where one cannot be opened, or when `stop` is set
  // meanwhile; `stop` also ends a slice early, and outlives the session.
  load_session(const load_options& options, const std::atomic<bool>& stop);
  ~load_session();
  load_session(const load_session&) = delete;
  load_session& operator=(const load_session&) = delete;

  // Costs 2 ms, so that every thread is there at the start, beside its own length and the drain;
  // where all connections are lost and the server still accepts, 0.3 s to be sure of it.
  [[nodiscard]] load_result run(const slice& wanted);

 private:
  void merge(load_result& result) const;

  load_options options_;
  std::unique_ptr<const worker_common> common_;
  std::vector<std::unique_ptr<load_worker>> workers_;
};

// Throws a refusal (usage) where the open loop's plan for options.duration_s holds no request, or
// none of one class.
void require_requests(const load_options& options);

// One run from options to result: a session of a single slice, with the lengths and the seed that
// the options have. Throws a refusal when it cannot start.
[[nodiscard]] load_result run_load(const load_options& options, const std::atomic<bool>& stop);

}  // namespace tailrace::load
