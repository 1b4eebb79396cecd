// SPDX-License-Identifier: MIT
// The hog workload: what counts as a message, over many seeds of the simulator, and that on a
// runtime that schedules cooperatively the others wait while a hog burns.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "workloads/tests/simulation.hpp"

namespace tailrace::workload_tests {
namespace {

using namespace std::chrono_literals;

std::vector<std::byte> bytes_of(std::uint64_t number, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t at = 0; at < count; ++at)
    bytes[at] = pattern_at(number, at);
  return bytes;
}

// What a meter says of the stream of connection `number`, received in these pieces.
std::vector<std::uint64_t> metered(const hog_rules& rules, std::uint64_t number,
                                   const std::vector<std::size_t>& pieces) {
  hog_meter meter(rules);
  const std::vector<std::byte> bytes = bytes_of(number, 100'000);
  std::span<const std::byte> rest = bytes;
  std::vector<std::uint64_t> completed;
  for (const std::size_t piece : pieces) {
    completed.push_back(meter.completed_by(rest.first(piece)));
    rest = rest.subspan(piece);
  }
  return completed;
}

using counts_list = std::vector<std::uint64_t>;

TEST(hog_meter, counts_the_messages_that_a_piece_completes) {
  const hog_rules rules{.hog_every = 10, .message_bytes = 64, .burn = 0ns};
  EXPECT_EQ(metered(rules, 20, {64, 64}), (counts_list{1, 1}));
  EXPECT_EQ(metered(rules, 20, {63, 1, 64, 63}), (counts_list{0, 1, 1, 0}));
  EXPECT_EQ(metered(rules, 20, {640, 65, 62, 1}), (counts_list{10, 1, 0, 1}));
}

TEST(hog_meter, a_number_in_pieces_is_still_that_number) {
  const hog_rules rules{.hog_every = 0x0102, .message_bytes = 8, .burn = 0ns};
  EXPECT_EQ(metered(rules, 0x0102, {1, 1, 3, 3}), (counts_list{0, 0, 0, 1}));
  EXPECT_EQ(metered(rules, 0x0102, {1, 15}), (counts_list{0, 2}));
  EXPECT_EQ(metered(rules, 0x0201, {1, 15}), (counts_list{0, 0}));
  EXPECT_EQ(metered(rules, std::uint64_t{0x0102} << 40, {5, 3}), (counts_list{0, 1}));
}

TEST(hog_meter, only_multiples_are_hogs_and_zero_means_nobody) {
  for (const std::uint64_t number : {1U, 9U, 11U, 101U})
    EXPECT_EQ(metered({10, 64, 0ns}, number, {6400}), counts_list{0}) << number;
  for (const std::uint64_t number : {0U, 10U, 100U})
    EXPECT_EQ(metered({10, 64, 0ns}, number, {6400}), counts_list{100}) << number;
  EXPECT_EQ(metered({0, 64, 0ns}, 0, {6400}), counts_list{0});
  EXPECT_EQ(metered({1, 64, 0ns}, 17, {6400}), counts_list{100});
}

plan hog_plan(std::uint64_t seed) {
  plan chosen;
  chosen.options.seed = seed;
  chosen.options.faults.short_receive = 200;
  chosen.options.faults.short_send = 200;
  chosen.options.faults.late_event = 200;
  chosen.options.faults.refused_accept = 100;
  chosen.clients = 5;
  chosen.message_bytes_max = 4000;
  chosen.hog = hog_rules{.hog_every = 2, .message_bytes = 100, .burn = 7ms};
  return chosen;
}

TEST(hog_on_sim, hogs_burn_once_a_message_and_echo_right_over_a_thousand_seeds) {
  for (const std::uint64_t seed : seeds(1000)) {
    SCOPED_TRACE("TAILRACE_SIM_SEED=" + std::to_string(seed));
    const plan chosen = hog_plan(seed);
    outcome result;
    simulate(chosen, result);
    EXPECT_TRUE(result.clients_done);
    EXPECT_EQ(result.counts.received_bytes.get(), result.counts.sent_bytes.get());
    std::uint64_t expected = 0;
    for (std::size_t number = 0; number < result.clients.size(); ++number) {
      EXPECT_TRUE(result.clients[number].ended);
      if (number % 2 == 0) expected += result.clients[number].sent_bytes / 100;
    }
    EXPECT_GT(expected, 0U);
    EXPECT_EQ(result.counts.burns.get(), expected);
    EXPECT_GE(result.elapsed, expected * 7ms);
    if (HasFailure()) return;
  }
}

TEST(hog_on_sim, without_hogs_no_time_is_burnt) {
  plan chosen = hog_plan(1);
  chosen.options.faults = {};
  chosen.hog->hog_every = 0;
  outcome result;
  simulate(chosen, result);
  EXPECT_EQ(result.counts.burns.get(), 0U);
  EXPECT_EQ(result.elapsed, 0ns);
}

TEST(hog_on_sim, a_stop_at_any_step_ends_it_cleanly) {
  plan chosen = hog_plan(3);
  chosen.clients = 2;
  chosen.message_bytes_max = 300;
  outcome whole;
  simulate(chosen, whole);
  ASSERT_GT(whole.steps, 20U);
  for (std::uint64_t step = 0; step < whole.steps; ++step) {
    SCOPED_TRACE("stopped at step " + std::to_string(step));
    chosen.options.stop_at_step = step;
    outcome result;
    simulate(chosen, result);
    EXPECT_LE(result.counts.burns.get(), whole.counts.burns.get());
    if (HasFailure()) return;
  }
}

task<void> one_message(R& runtime, std::uint16_t port, std::uint64_t number,
                       std::chrono::nanoseconds& waited) {
  auto server = runtime.connect(port);
  const std::vector<std::byte> message = bytes_of(number, 64);
  const steady_time begin = runtime.now();
  const io_result sent = co_await server->send_all(message);
  EXPECT_TRUE(sent.ok());
  const auto received = co_await server->receive();
  EXPECT_EQ(received.bytes().size(), 64U);
  waited = runtime.now() - begin;
}

task<void> hog_and_others(R& runtime, std::array<std::chrono::nanoseconds, 4>& waited) {
  const endpoint where;
  auto listener = runtime.listen(where);
  counts_of<R> counts;
  const stop_flag stopped{false};
  scope<R> server(runtime);
  hog_rules rules{.hog_every = 4, .message_bytes = 64, .burn = 5ms};
  server.spawn(serve_hog<R>(runtime, *listener, rules, counts, stopped));
  {
    scope<R> clients(runtime);
    for (std::uint64_t number = 0; number < waited.size(); ++number)
      clients.spawn(one_message(runtime, listener->port(), number, waited[number]));
    co_await clients.join();
  }
  EXPECT_EQ(counts.burns.get(), 1U);
  server.request_stop();
  co_await server.join();
}

TEST(hog_on_sim, others_wait_while_a_hog_burns) {
  sim::options options;
  options.shuffle = false;
  R runtime(options);
  std::array<std::chrono::nanoseconds, 4> waited{};
  runtime.run(hog_and_others(runtime, waited));
  EXPECT_EQ(waited[0], 5ms);
  EXPECT_EQ(*std::max_element(waited.begin() + 1, waited.end()), 5ms);
}

}  // namespace
}  // namespace tailrace::workload_tests
