// SPDX-License-Identifier: MIT
// The echo and idle workloads over a thousand seeds of the simulator, and stopped at every step. A
// failure names its seed; TAILRACE_SIM_SEED=<seed> runs that one alone.
#include <gtest/gtest.h>

#include <algorithm>

#include "workloads/tests/simulation.hpp"

namespace tailrace::workload_tests {
namespace {

std::string named(std::uint64_t seed) {
  return "TAILRACE_SIM_SEED=" + std::to_string(seed);
}

// No faults that lose anything: short, late and refused, but no reset.
sim::fault_rates harmless_faults() {
  sim::fault_rates faults;
  faults.short_receive = 200;
  faults.short_send = 200;
  faults.late_event = 200;
  faults.refused_accept = 300;
  faults.late_timer = 300;
  return faults;
}

TEST(echo_on_sim, every_byte_comes_back_in_order_over_a_thousand_seeds) {
  std::uint64_t refused = 0;
  for (const std::uint64_t seed : seeds(1000)) {
    SCOPED_TRACE(named(seed));
    plan chosen;
    chosen.options.seed = seed;
    chosen.options.faults = harmless_faults();
    outcome result;
    simulate(chosen, result);
    EXPECT_TRUE(result.clients_done);
    EXPECT_EQ(result.counts.accepted.get(), result.clients.size());
    EXPECT_EQ(result.counts.received_bytes.get(), result.counts.sent_bytes.get());
    EXPECT_EQ(result.counts.resets.get(), 0u);
    std::uint64_t total = 0;
    for (const client_outcome& client : result.clients) {
      EXPECT_EQ(client.error, 0);
      EXPECT_TRUE(client.ended);
      total += client.received_bytes;
    }
    EXPECT_EQ(total, result.counts.sent_bytes.get());
    refused += result.counts.accept_errors.get();
    if (HasFailure()) return;
  }
  if (std::getenv("TAILRACE_SIM_SEED") == nullptr) {
    EXPECT_GT(refused, 100u) << "the faults do not happen";
  }
}

TEST(echo_on_sim, resets_are_counted_and_never_corrupt_over_a_thousand_seeds) {
  std::uint64_t resets = 0;
  std::uint64_t unharmed = 0;
  for (const std::uint64_t seed : seeds(1000)) {
    SCOPED_TRACE(named(seed));
    plan chosen;
    chosen.options.seed = seed;
    chosen.options.faults = harmless_faults();
    chosen.options.faults.reset = 20;
    outcome result;
    simulate(chosen, result);
    EXPECT_TRUE(result.clients_done);
    for (const client_outcome& client : result.clients) {
      EXPECT_TRUE(client.error == 0 || client.error == ECONNRESET || client.error == EPIPE ||
                  client.error == ECANCELED)
          << client.error;
      unharmed += client.ended;
    }
    resets += result.counts.resets.get();
    if (HasFailure()) return;
  }
  if (std::getenv("TAILRACE_SIM_SEED") == nullptr) {
    EXPECT_GT(resets, 100u);
    EXPECT_GT(unharmed, 100u);
  }
}

TEST(idle_on_sim, sleepers_sleep_on_while_connections_are_served) {
  for (const std::uint64_t seed : seeds(1000)) {
    SCOPED_TRACE(named(seed));
    plan chosen;
    chosen.options.seed = seed;
    chosen.options.faults = harmless_faults();
    chosen.messages = 1;
    chosen.message_bytes_max = 100;
    chosen.sleepers = 20;
    outcome result;
    simulate(chosen, result);
    EXPECT_TRUE(result.clients_done);
    EXPECT_EQ(result.asleep_at_end, chosen.sleepers);
    EXPECT_EQ(result.counts.fell_asleep.get(), chosen.sleepers);
    EXPECT_LT(result.elapsed, std::chrono::minutes(1));
    if (HasFailure()) return;
  }
}

// One plan, stopped before its first step, its second, ... and its last.
void stop_at_every_step(plan chosen) {
  outcome whole;
  simulate(chosen, whole);
  ASSERT_TRUE(whole.clients_done);
  ASSERT_GT(whole.steps, 20u);
  for (std::uint64_t step = 0; step < whole.steps; ++step) {
    SCOPED_TRACE("stopped at step " + std::to_string(step));
    chosen.options.stop_at_step = step;
    outcome result;
    simulate(chosen, result);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(cancellation_on_sim, a_stop_at_any_step_ends_echo_cleanly) {
  for (const std::uint64_t seed : seeds(20)) {
    SCOPED_TRACE(named(seed));
    plan chosen;
    chosen.options.seed = seed;
    chosen.options.faults = harmless_faults();
    chosen.clients = 2;
    chosen.message_bytes_max = 3000;
    stop_at_every_step(chosen);
    if (HasFailure()) return;
  }
}

TEST(cancellation_on_sim, a_stop_at_any_step_ends_idle_cleanly) {
  for (const std::uint64_t seed : seeds(20)) {
    SCOPED_TRACE(named(seed));
    plan chosen;
    chosen.options.seed = seed;
    chosen.options.faults = harmless_faults();
    chosen.options.faults.reset = 10;
    chosen.clients = 2;
    chosen.messages = 2;
    chosen.message_bytes_max = 300;
    chosen.sleepers = 5;
    stop_at_every_step(chosen);
    if (HasFailure()) return;
  }
}

// Enough of a run to tell it from another.
std::vector<std::uint64_t> traced(std::uint64_t seed) {
  plan chosen;
  chosen.options.seed = seed;
  chosen.options.faults = harmless_faults();
  chosen.options.faults.reset = 5;
  outcome result;
  simulate(chosen, result);
  std::vector<std::uint64_t> trace = {result.steps, result.counts.accept_errors.get(),
                                      static_cast<std::uint64_t>(result.elapsed.count())};
  for (const client_outcome& client : result.clients)
    trace.push_back(client.received_bytes);
  return trace;
}

TEST(sim, one_seed_is_one_run_and_seeds_differ) {
  std::vector<std::vector<std::uint64_t>> traces;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::vector<std::uint64_t> first = traced(seed);
    EXPECT_EQ(first, traced(seed)) << "seed " << seed;
    traces.push_back(first);
  }
  std::sort(traces.begin(), traces.end());
  const auto last = std::unique(traces.begin(), traces.end());
  EXPECT_GT(last - traces.begin(), 45);
}

task<void> yield_often(R& runtime, steady_time begin) {
  for (int i = 0; i < 1000; ++i) {
    co_await runtime.yield();
    EXPECT_EQ(std::chrono::steady_clock::now(), begin);
  }
}

task<void> sleep_beside_work(R& runtime) {
  const steady_time begin = std::chrono::steady_clock::now();
  EXPECT_EQ(begin, runtime.now());
  scope<R> busy(runtime);
  busy.spawn(yield_often(runtime, begin));
  const io_result slept = co_await runtime.sleep_until(begin + std::chrono::hours(5));
  EXPECT_TRUE(slept.ok());
  EXPECT_EQ(std::chrono::steady_clock::now(), begin + std::chrono::hours(5));
  EXPECT_EQ(busy.live(), 0u);
  co_await busy.join();
}

TEST(sim, virtual_time_moves_only_when_all_sleep) {
  for (const std::uint64_t seed : seeds(100)) {
    sim::options options;
    options.seed = seed;
    R runtime(options);
    runtime.run(sleep_beside_work(runtime));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - steady_time(), std::chrono::hours(24 * 365 * 100));
}

task<void> wait_for_nobody(R& runtime) {
  const endpoint where;
  auto listener = runtime.listen(where);
  const auto peer = co_await listener->accept();
  EXPECT_FALSE(peer);
}

TEST(sim_death, a_run_in_which_all_wait_for_ever_names_its_seed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  sim::options options;
  options.seed = 4711;
  R runtime(options);
  EXPECT_DEATH(runtime.run(wait_for_nobody(runtime)), "waits for ever .seed 4711");
}

}  // namespace
}  // namespace tailrace::workload_tests
