// SPDX-License-Identifier: MIT
// HTTP servers that end connections, as nginx does after 1000 requests: connections are made again.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "harness/load/load_table.hpp"
#include "harness/load/tests/load_fixture.hpp"

namespace tailrace::load {
namespace {

constexpr const char* hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
// Longer than the others, as the word for the end is another one.
constexpr const char* last_hello =
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
constexpr const char* old_hello = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";

class reconnect : public each_engine {
 protected:
  static load_options http_run(const test_server& server, double rate_per_s) {
    load_options options = open_run(server, rate_per_s);
    options.http = true;
    // A server that closes with requests unread resets, and with it what it had answered.
    options.outstanding_max = 1;
    return options;
  }

  static server_behaviour ending(http_end how, std::uint64_t answers) {
    return {.http_answer = hello,
            .http_last_answer = last_hello,
            .http_answers = answers,
            .http_ends = how};
  }

  // All right, and nobody would know but for the count of them.
  static void expect_unharmed(const load_result& result) {
    EXPECT_TRUE(result.clean()) << load_complaints(result);
    EXPECT_EQ(load_complaints(result), "");
    EXPECT_GT(result.total.counts.ok, 0U);
    EXPECT_EQ(result.total.counts.ok, result.total.counts.planned);
    EXPECT_GT(result.total.reconnects, 0U);
    EXPECT_NE(load_table(result).find("connections made again"), std::string::npos);
  }
};
TAILRACE_OVER_BOTH_ENGINES(reconnect);

TEST_P(reconnect, an_end_that_is_announced_is_no_failure) {
  const test_server server(ending(http_end::announced, 5));
  for (const double rate : {0.0, 1000.0}) {
    const load_result result = run_checked(http_run(server, rate));
    expect_unharmed(result);
    EXPECT_GE(result.total.reconnects + 4, result.total.counts.ok / 5);
    EXPECT_GE(server.accepted() + 4, result.total.reconnects);
  }
}

TEST_P(reconnect, http_1_0_takes_a_connection_for_each_answer) {
  const test_server server(
      {.http_answer = old_hello, .http_answers = 1, .http_ends = http_end::silent});
  for (const double rate : {0.0, 300.0}) {
    const load_options options = http_run(server, rate);
    const load_result result = run_checked(options);
    expect_unharmed(result);
    // The last of each connection may not be there yet.
    EXPECT_GE(result.total.reconnects + options.connections, result.total.counts.ok);
  }
}

TEST_P(reconnect, what_was_sent_after_the_last_answer_is_sent_again) {
  const test_server server(ending(http_end::announced_only, 4));
  for (const double rate : {0.0, 3000.0}) {
    load_options options = http_run(server, rate);
    options.depth = options.outstanding_max = 3;
    expect_unharmed(run_checked(options));
  }
}

TEST_P(reconnect, what_was_sent_again_counts_for_the_server_twice_and_once_as_an_answer) {
  const test_server server(ending(http_end::announced_only, 4));
  load_options options = http_run(server, 0);
  options.depth = 3;
  const load_result result = run_checked(options);
  const auto sent = result.total.whole_run.sent;
  EXPECT_GT(sent, result.total.whole_run.answered);
  EXPECT_GE(result.total.whole_run.answered, result.total.counts.ok);
  EXPECT_LT(sent, 3 * result.total.whole_run.answered);
}

// One request a slice, and the next slice once the server has closed: no request crosses an end.
TEST_P(reconnect, an_end_between_two_requests_is_no_failure) {
  for (const std::uint64_t answers : {1U, 2U}) {
    const test_server server(ending(http_end::silent, answers));
    const std::atomic<bool> never_stop{false};
    load_options options = http_run(server, 50);
    options.connections = 1;
    load_session session(options, never_stop);
    std::uint64_t reconnects = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      const load_result slice = session.run({.settle_s = 0, .duration_s = 0.02, .seed = seed});
      expect_counts_add_up(slice);
      EXPECT_TRUE(slice.clean()) << load_complaints(slice);
      EXPECT_EQ(slice.total.counts.planned, 1U);
      EXPECT_EQ(slice.total.counts.ok, 1U);
      reconnects += slice.total.reconnects;
      while (server.closed() < seed / answers + 1 / answers)  // and the probe, of one answer
        std::this_thread::yield();
    }
    // After the last end there may have been no time for it.
    EXPECT_GE(reconnects, 6 / answers - 1);
    EXPECT_LE(reconnects, 6 / answers);
  }
}

TEST_P(reconnect, an_end_in_place_of_an_answer_is_an_error_and_the_load_goes_on) {
  const test_server server(ending(http_end::unanswered, 3));
  for (const double rate : {0.0, 500.0}) {
    const load_result result = run_checked(http_run(server, rate));
    EXPECT_FALSE(result.clean());
    EXPECT_GT(result.total.counts.errors, 0U);
    EXPECT_GE(result.total.counts.ok, result.total.counts.errors);
    EXPECT_GT(result.total.reconnects, 0U);
    EXPECT_FALSE(result.all_connections_lost);
    EXPECT_EQ(result.total.counts.never_sent, 0U);
  }
}

// They count as timed out, and no more as errors; others go out in their place all the same.
TEST_P(reconnect, a_closed_loop_goes_on_where_an_end_came_after_the_time_limit) {
  server_behaviour wanted = ending(http_end::unanswered, 3);
  wanted.end_delay_ns = 200'000'000;
  const test_server server(wanted);
  for (const std::uint32_t depth : {1U, 2U}) {
    load_options options = http_run(server, 0);
    options.connections = 1;
    options.depth = depth;
    options.warmup_s = 0;
    options.duration_s = 1;
    options.timeout_s = 0.02;
    const load_result result = run_checked(options);
    EXPECT_GT(result.total.counts.timed_out, 0U);
    EXPECT_GT(result.total.reconnects, 1U);
    EXPECT_GE(result.total.whole_run.answered, 6U) << "three on each of its connections";
    EXPECT_FALSE(result.all_connections_lost);
  }
}

TEST_P(reconnect, who_hangs_up_on_everybody_is_not_called_in_a_circle) {
  server_behaviour wanted{.http_answer = hello};
  wanted.hang_up_after = 20;
  const test_server server(wanted);
  const load_result result = run_checked(http_run(server, 500));
  EXPECT_TRUE(result.all_connections_lost);
  EXPECT_FALSE(result.server_died);
  EXPECT_LE(result.total.reconnects, 4U);
  EXPECT_NE(load_complaints(result).find("the server still accepts"), std::string::npos);
}

// But for the probe: the client sees many ends before it has sent anything.
TEST_P(reconnect, who_closes_on_accept_is_called_twice_again_at_most) {
  for (const double rate : {0.0, 2000.0}) {
    const test_server server({.http_answer = hello, .closes_after = 1});
    load_options options = http_run(server, rate);
    options.connections = 400;
    const load_result result = run_checked(options);
    EXPECT_TRUE(result.all_connections_lost);
    EXPECT_FALSE(result.server_died);
    EXPECT_LE(result.total.reconnects, 2U * options.connections);
    EXPECT_EQ(result.total.counts.ok, 0U);
  }
}

TEST_P(reconnect, a_server_that_is_gone_died) {
  const test_server server({.die_at_total = 2000, .http_answer = hello});
  const load_result result = run_checked(http_run(server, 500));
  EXPECT_TRUE(result.server_died);
  EXPECT_NE(load_complaints(result).find("the server died"), std::string::npos);
  EXPECT_GT(result.total.counts.never_sent, 0U);
}

TEST_P(reconnect, echo_is_not_made_again) {
  const test_server server({.close_at = 640});
  const load_result result = run_checked(open_run(server, 400));
  EXPECT_TRUE(result.all_connections_lost);
  EXPECT_EQ(result.total.reconnects, 0U);
}

}  // namespace
}  // namespace tailrace::load
