// SPDX-License-Identifier: MIT
// Short runs against a test server, for the tests of whole runs; each runs over both engines.
#pragma once

#include <gtest/gtest.h>

#include <atomic>

#include "harness/load/load_session.hpp"
#include "harness/load/tests/test_server.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"

namespace tailrace::load {

class each_engine : public testing::TestWithParam<engine_kind> {
 protected:
  void SetUp() override {
    if (GetParam() == engine_kind::uring) TAILRACE_NEEDS_URING();
  }

  static load_options short_run(const test_server& server) {
    load_options options;
    options.engine = GetParam();
    options.connect = {server.address()};
    options.connections = 4;
    options.duration_s = 0.3;
    options.warmup_s = 0.05;
    options.drain_s = 5;
    options.spin = false;
    return options;
  }

  static load_options unwarmed(const test_server& server) {
    load_options options = short_run(server);
    options.warmup_s = 0;
    return options;
  }

  static load_options open_run(const test_server& server, double rate_per_s) {
    load_options options = short_run(server);
    options.rate_per_s = rate_per_s;
    return options;
  }
};

#define TAILRACE_OVER_BOTH_ENGINES(suite)                                   \
  INSTANTIATE_TEST_SUITE_P(                                                 \
      over, suite, testing::Values(engine_kind::epoll, engine_kind::uring), \
      [](const auto& of) { return of.param == engine_kind::uring ? "uring" : "epoll"; })

// The identities once more, by the test itself.
inline void expect_counts_add_up(const load_result& result) {
  const request_counts& c = result.total.counts;
  EXPECT_EQ(c.planned, c.sent + c.skipped_late + c.never_sent);
  EXPECT_EQ(c.sent, c.ok + c.wrong + c.errors + c.timed_out + c.in_flight);
  // What has no answer is there once too, but for what was not due when all connections were lost.
  if (result.all_connections_lost) {
    EXPECT_LE(result.total.response.count(), c.planned);
  } else {
    EXPECT_EQ(result.total.response.count(), c.planned);
  }
  EXPECT_EQ(result.total.service.count(), result.options.open_loop() ? c.sent : c.planned);
  std::uint64_t by_name = 0;
  for (const auto& [name, count] : result.total.errors_by_name)
    by_name += count;
  EXPECT_EQ(by_name, c.errors);
  std::uint64_t in_windows = 0;
  for (const auto& window : result.windows)
    in_windows += window.ok;
  EXPECT_EQ(in_windows, c.ok);
  if (result.options.open_loop()) {
    EXPECT_EQ(result.total.lateness.count(), c.sent);
    EXPECT_LE(result.total.client_delay.count(), c.planned);
  }
}

inline load_result run_checked(const load_options& options) {
  const std::atomic<bool> never_stop{false};
  load_result result = run_load(options, never_stop);
  expect_counts_add_up(result);
  return result;
}

}  // namespace tailrace::load
