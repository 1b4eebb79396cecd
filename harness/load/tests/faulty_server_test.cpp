// SPDX-License-Identifier: MIT
// Whole runs against servers that fail: each failure gets its name, and the counts add up.
#include <gtest/gtest.h>

#include <thread>

#include "harness/load/load_table.hpp"
#include "harness/load/tests/load_fixture.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

// Past the warm-up of a closed loop on any machine, well before the end of a run.
constexpr std::uint64_t one_message = 64;

class faulty_server : public each_engine {};
TAILRACE_OVER_BOTH_ENGINES(faulty_server);

TEST_P(faulty_server, one_wrong_byte_is_one_wrong_answer_a_connection) {
  for (const std::uint64_t at : {one_message * 3, one_message * 3 + 20, one_message * 4 - 1}) {
    const test_server server({.wrong_at = at});
    const auto result = run_checked(unwarmed(server));
    EXPECT_EQ(result.total.counts.wrong, 4U) << at;
    EXPECT_GT(result.total.counts.ok, 4U);
    EXPECT_FALSE(result.clean());
    EXPECT_FALSE(result.server_died);
  }
}

TEST_P(faulty_server, wrong_bytes_in_the_warm_up_are_told_though_not_counted) {
  const test_server server({.wrong_at = 0});
  auto options = open_run(server, 500);
  options.warmup_s = 0.2;
  options.connections = 1;
  const auto result = run_checked(options);
  EXPECT_EQ(result.total.counts.wrong, 0U);
  EXPECT_EQ(result.total.warmup_failures, 1U);
  EXPECT_FALSE(result.clean());
}

TEST_P(faulty_server, extra_bytes_fail_the_connection) {
  const test_server server({.extra_at = one_message * 2});
  const auto result = run_checked(unwarmed(server));
  // They come as the next answer begins (wrong bytes, then three too many) or before it was sent
  // (extra at once).
  EXPECT_GT(result.total.extra_bytes, 0U);
  EXPECT_EQ(result.total.lost_connections.at("EXTRA_BYTES"), 4U);
  EXPECT_TRUE(result.all_connections_lost);
  EXPECT_FALSE(result.server_died) << "it accepts new ones";
  EXPECT_FALSE(result.clean());
}

TEST_P(faulty_server, extra_bytes_after_the_last_answer_are_seen) {
  const test_server server({.extra_at = 0});
  auto options = open_run(server, 10);
  options.warmup_s = 0;
  options.duration_s = 0.1;
  options.connections = 1;
  const auto result = run_checked(options);
  EXPECT_EQ(result.total.counts.planned, 1U);
  EXPECT_EQ(result.total.counts.ok + result.total.counts.errors, 1U);
  EXPECT_EQ(result.total.extra_bytes, 3U);
  EXPECT_FALSE(result.clean());
}

TEST_P(faulty_server, early_close_is_an_error_named_eof) {
  const test_server server({.close_at = one_message * 5});
  for (const double rate : {0.0, 2000.0}) {
    auto options = unwarmed(server);
    options.rate_per_s = rate;
    options.depth = 2;
    const auto result = run_checked(options);
    // Data that still arrives at a closed socket is answered by a reset, which may come first.
    const auto& names = result.total.errors_by_name;
    EXPECT_TRUE(names.contains("EOF") || names.contains("ECONNRESET"));
    EXPECT_TRUE(result.all_connections_lost);
    EXPECT_FALSE(result.server_died) << "it accepts new ones";
    EXPECT_GT(result.total.counts.ok, 0U);
    if (rate > 0) {
      EXPECT_EQ(result.total.counts.planned, 600U);
      // How many were sent in one go depends on how long the client waited for its CPU.
      EXPECT_GT(result.total.counts.never_sent, 0U);
    }
  }
}

TEST_P(faulty_server, reset_mid_message_is_an_error_by_its_errno) {
  const test_server server({.reset_at = 10'000});
  auto options = unwarmed(server);
  options.message_bytes = 4096;
  const auto result = run_checked(options);
  EXPECT_EQ(result.total.errors_by_name.at("ECONNRESET"), 4U);
  EXPECT_TRUE(result.all_connections_lost);
}

TEST_P(faulty_server, a_stall_times_out_and_the_rest_is_in_flight) {
  const test_server server({.stall_at = one_message * 3});
  auto options = open_run(server, 1000);
  options.warmup_s = 0;
  options.timeout_s = 0.15;
  options.drain_s = 0.05;
  const auto result = run_checked(options);
  EXPECT_GT(result.total.counts.timed_out, 0U);
  EXPECT_GT(result.total.counts.in_flight, 0U);
  EXPECT_EQ(result.total.counts.planned, 300U);
  // Each stands in the response histogram at its age: whoever timed out at the limit or above, who
  // was in flight at the end at the drain or above.
  EXPECT_EQ(result.total.response.count(), 300U);
  EXPECT_GE(result.total.response.quantile(1.0 - 1.0 / 300), 150'000'000);
  const auto answered = static_cast<double>(result.total.counts.ok);
  EXPECT_GE(result.total.response.quantile((answered + 1) / 300), 50'000'000);
  EXPECT_FALSE(result.clean());
  EXPECT_FALSE(result.server_died);
}

// One pause, in which requests time out that are answered after it: the time limit says how many
// they are, and moves no quantile.
TEST_P(faulty_server, what_timed_out_and_came_later_is_there_with_the_time_that_it_took) {
  constexpr std::int64_t pause_ns = 600'000'000;
  const test_server server({.pause_at_total = one_message * 20, .pause_ns = pause_ns});
  auto options = open_run(server, 200);
  options.warmup_s = 0;
  options.timeout_s = 0.05;
  const auto result = run_checked(options);
  EXPECT_GT(result.total.counts.timed_out, 0U);
  EXPECT_EQ(result.total.counts.in_flight, 0U);
  EXPECT_GE(result.total.response.max(), pause_ns);
  EXPECT_GE(result.total.service.max(), pause_ns);
}

TEST_P(faulty_server, that_answers_nothing_leaves_no_clean_run) {
  const test_server server({.stall_at = 0});
  for (const double rate : {0.0, 100.0}) {
    auto options = unwarmed(server);
    options.rate_per_s = rate;
    options.drain_s = 0.05;
    const auto result = run_checked(options);
    EXPECT_EQ(result.total.counts.ok, 0U);
    EXPECT_EQ(result.total.counts.timed_out, 0U) << "the limit is longer than the run";
    EXPECT_FALSE(result.clean());
    EXPECT_NE(load_complaints(result).find("no request was answered"), std::string::npos);
  }
}

TEST(the_plan, that_holds_no_request_is_bad_usage) {
  load_options options;
  options.connect = {"127.0.0.1:1"};
  options.connections = 4;
  options.duration_s = 1;
  const std::atomic<bool> never_stop{false};
  const auto code = [&] {
    try {
      static_cast<void>(run_load(options, never_stop));
    } catch (const refusal& why) {
      return why.exit_code();
    }
    return 0;
  };
  options.rate_per_s = 0.4;
  EXPECT_EQ(code(), refusal::bad_usage);
  options.rate_per_s = 100;
  options.hog_every = 2;
  options.hog_rate_per_s = 0.4;
  EXPECT_EQ(code(), refusal::bad_usage) << "none of one class";
}

TEST_P(faulty_server, a_full_connection_queues_with_its_plan_kept) {
  const test_server server({.delay_ns = 20'000'000});
  auto options = open_run(server, 1000);
  options.connections = 1;
  options.outstanding_max = 1;
  options.warmup_s = 0;
  options.drain_s = 0.2;
  const auto result = run_checked(options);
  // 1 in 20 ms of 1000 per second: about 25 are served in the half second, the others were never
  // sent.
  EXPECT_EQ(result.total.counts.planned, 300U);
  EXPECT_GT(result.total.counts.never_sent, 250U);
  EXPECT_EQ(result.total.counts.skipped_late, 0U);
  EXPECT_GT(result.total.lateness.max(), 100'000'000);
  // One after the other, 20 ms each, of plans that lie 1 ms apart: the wait is in the response, of
  // those never sent until the end of the drain.
  EXPECT_EQ(result.total.response.count(), 300U);
  EXPECT_GE(result.total.response.quantile(0.5), 200'000'000);
}

TEST_P(faulty_server, a_wait_for_the_server_is_lateness_and_not_the_clients_delay) {
  // It stops reading at its first byte, for longer than the phase: the socket fills up.
  const test_server stops_reading({.pause_at_total = 1, .pause_ns = 500'000'000});
  auto full_socket = open_run(stops_reading, 200);
  full_socket.connections = 1;
  full_socket.message_bytes = 1 << 20;
  full_socket.warmup_s = 0;
  const test_server slow({.delay_ns = 20'000'000});
  auto full_window = open_run(slow, 1000);
  full_window.connections = 1;
  full_window.outstanding_max = 1;
  full_window.warmup_s = 0;
  for (const auto& options : {full_socket, full_window}) {
    const auto result = run_checked(options);
    // The loop came to all of them, and most long before they could be sent.
    EXPECT_EQ(result.total.client_delay.count(), result.total.counts.planned);
    EXPECT_GT(result.total.lateness.quantile(0.5), 100'000'000);
    EXPECT_LT(result.total.client_delay.quantile(0.5), 50'000'000);
  }
}

TEST_P(faulty_server, a_server_dying_mid_run_leaves_every_request_with_a_fate) {
  for (const double rate : {0.0, 3000.0}) {
    const test_server server({.die_at_total = 200 * one_message});
    auto options = unwarmed(server);
    options.rate_per_s = rate;
    options.depth = 3;
    const auto result = run_checked(options);
    EXPECT_TRUE(result.server_died);
    EXPECT_FALSE(result.clean());
    EXPECT_GT(result.total.counts.ok, 0U);
    if (rate > 0) {
      EXPECT_EQ(result.total.counts.planned, 900U);
      EXPECT_GT(result.total.counts.never_sent, 600U);
    }
  }
}

TEST_P(faulty_server, a_server_dying_in_the_warm_up_leaves_the_whole_plan_unsent) {
  const test_server server({.die_at_total = one_message * 10});
  auto options = open_run(server, 1000);
  options.warmup_s = 0.2;
  const auto result = run_checked(options);
  EXPECT_TRUE(result.server_died);
  EXPECT_EQ(result.total.counts.planned, 300U);
  EXPECT_EQ(result.total.counts.never_sent, 300U);
  EXPECT_GT(result.total.warmup_failures, 0U) << "at least that at which it died";
}

TEST_P(faulty_server, nothing_listening_is_a_failed_start_with_a_remedy) {
  std::string address;
  {
    const test_server server({});
    address = server.address();
  }
  load_options options;
  options.engine = GetParam();
  options.connect = {address};
  try {
    run_checked(options);
    FAIL() << "connected to nothing";
  } catch (const refusal& failure) {
    EXPECT_NE(std::string(failure.what()).find("ECONNREFUSED"), std::string::npos);
    EXPECT_EQ(failure.exit_code(), refusal::failed);
    EXPECT_FALSE(failure.remedy().empty());
  }
}

TEST_P(faulty_server, http_that_is_none_is_a_failed_start) {
  for (const char* answer :
       {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "hello\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"}) {
    const test_server server({.http_answer = answer});
    auto options = short_run(server);
    options.http = true;
    EXPECT_THROW(run_checked(options), refusal) << answer;
  }
}

TEST_P(faulty_server, a_stop_request_ends_the_phase_early_and_the_counts_hold) {
  for (const double rate : {0.0, 1000.0}) {
    const test_server server({});
    auto options = short_run(server);
    options.rate_per_s = rate;
    options.duration_s = 600;
    options.warmup_s = 0;
    std::atomic<bool> stop{false};
    // Waits on the event that load is flowing, then asks for the end.
    std::thread stopper([&] {
      while (server.total_received() < 50 * one_message)
        std::this_thread::yield();
      stop.store(true, std::memory_order_relaxed);
    });
    const auto result = run_load(options, stop);
    stopper.join();
    expect_counts_add_up(result);
    EXPECT_TRUE(result.stopped_early);
    EXPECT_TRUE(result.clean());
    EXPECT_LT(result.phase_s, 600);
    EXPECT_GT(result.total.counts.ok, 0U);
  }
}

}  // namespace
}  // namespace tailrace::load
