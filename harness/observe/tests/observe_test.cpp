// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/fingerprint.hpp"
#include "harness/observe/median.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/slope.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/observe/thread_watch.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::observe {
namespace {

TEST(median, is_the_one_in_the_middle_or_the_mean_of_two) {
  EXPECT_EQ(median({5}), 5);
  EXPECT_EQ(median({9, 1, 2}), 2);
  EXPECT_EQ(median({9, 1, 2, 4}), 3);
  EXPECT_EQ(upper_median({9, 1, 2, 4}), 4);
  EXPECT_EQ(upper_median({9, 1, 2}), 2);
}

TEST(slope, known_example_with_its_interval) {
  // y = 2 + 3x with residuals 1, -1, -1, 1: slope 3, residual variance 4/2, Sxx 5.
  const level_at points[] = {{0, 3}, {1, 4}, {2, 7}, {3, 12}};
  const auto fit = fit_slope(points);
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->slope, 3, 1e-12);
  EXPECT_NEAR(fit->intercept, 2, 1e-12);
  EXPECT_NEAR(fit->high - fit->slope, 4.3026527 * std::sqrt(2.0 / 5), 1e-6);
  EXPECT_NEAR(fit->slope - fit->low, 4.3026527 * std::sqrt(2.0 / 5), 1e-6);
  EXPECT_NEAR(fit->r2, 1 - 4.0 / 49, 1e-12);
}

TEST(slope, two_points_have_no_interval_and_one_count_no_slope) {
  const level_at two[] = {{0, 1}, {1, 2}};
  EXPECT_TRUE(std::isnan(fit_slope(two)->low));
  const level_at same[] = {{5, 1}, {5, 2}, {5, 3}};
  EXPECT_FALSE(fit_slope(same));
}

// A pool of 4,000 bytes that the first hundred use up.
TEST(slope, one_that_bends_is_told_by_its_pieces) {
  const level_at bent[] = {{0, 0}, {200, 17'000}, {100, 10'500}, {0, 20}};
  const auto pieces = slope_pieces(bent);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].from, 0);
  EXPECT_EQ(pieces[0].to, 100);
  EXPECT_NEAR(pieces[0].slope, 104.9, 1e-9);
  EXPECT_EQ(pieces[1].to, 200);
  EXPECT_NEAR(pieces[1].slope, 65, 1e-9);
  EXPECT_FALSE(is_linear(*fit_slope(bent), pieces, 0.1, 1000));
  EXPECT_TRUE(is_linear(*fit_slope(bent), pieces, 0.5, 1000));  // not by so much of it
  EXPECT_TRUE(is_linear(*fit_slope(bent), pieces, 0.1, 5000));  // levels jump by more anyway
  const level_at straight[] = {{0, 1}, {100, 6'500}, {200, 13'100}};
  EXPECT_TRUE(is_linear(*fit_slope(straight), slope_pieces(straight), 0.1, 1000));
  EXPECT_TRUE(slope_pieces(std::span(bent).first(1)).empty());
}

TEST(slope, student_quantiles_agree_with_the_table) {
  EXPECT_NEAR(student_t_975(1), 12.706, 0.001);
  EXPECT_NEAR(student_t_975(5), 2.5706, 0.003);
  EXPECT_NEAR(student_t_975(10), 2.2281, 0.001);
  EXPECT_NEAR(student_t_975(30), 2.0423, 0.001);
  EXPECT_TRUE(std::isnan(student_t_975(0)));
}

TEST(topology, siblings_stay_on_one_side) {
  const auto parts = partition_cpus({{0, 4}, {1, 5}, {2, 6}, {3, 7}}, 2);
  EXPECT_EQ(parts.target, (std::vector<int>{0, 1, 4, 5}));
  EXPECT_EQ(parts.client, (std::vector<int>{2, 3, 6, 7}));
  EXPECT_EQ(parts.one_of_each_core, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(parts.disjoint);
}

TEST(topology, two_cores_are_one_each_whatever_is_asked) {
  const auto parts = partition_cpus({{0}, {1}}, 8);
  EXPECT_EQ(parts.target, std::vector<int>{0});
  EXPECT_EQ(parts.client, std::vector<int>{1});
}

TEST(topology, cpus_are_shared_only_where_the_target_needs_every_core) {
  const auto shared = partition_or_share_cpus({{0}, {1}}, 2);
  EXPECT_EQ(shared.target, (std::vector<int>{0, 1}));
  EXPECT_EQ(shared.client, (std::vector<int>{0, 1}));
  EXPECT_EQ(shared.one_of_each_core, (std::vector<int>{0, 1}));
  EXPECT_TRUE(shared.shared);
  EXPECT_FALSE(shared.disjoint);
  EXPECT_NE(shared.note.find("2 workers"), std::string::npos);
  const auto siblings = partition_or_share_cpus({{0, 2}, {1, 3}}, 2);
  EXPECT_EQ(siblings.target, (std::vector<int>{0, 1, 2, 3}));
  const auto three = partition_or_share_cpus({{0}, {1}, {2}}, 2);
  EXPECT_EQ(three.target, (std::vector<int>{0, 1}));
  EXPECT_EQ(three.client, (std::vector<int>{2}));
  EXPECT_TRUE(three.disjoint);
  EXPECT_FALSE(three.shared);
  EXPECT_TRUE(partition_or_share_cpus({{0}, {1}}, 1).disjoint);
  // One core: nothing can be seen there, and the validity check says so.
  EXPECT_FALSE(partition_or_share_cpus({{0}}, 2).shared);
}

TEST(topology, one_core_cannot_be_separated) {
  const auto parts = partition_cpus({{0}}, 1);
  EXPECT_FALSE(parts.disjoint);
  EXPECT_EQ(parts.target, parts.client);
  EXPECT_NE(parts.note, "");
}

TEST(cpu_lists, there_and_back) {
  EXPECT_EQ(cpus_text(parse_cpus("0,2-3\n").value()), "0,2,3");
  EXPECT_EQ(cpus_text({0, 1, 2, 3, 9}), "0-3,9");
  for (const char* bad : {"", "a", "3-1", "-1", "0,", "9999999999", "0-99999"}) {
    EXPECT_FALSE(parse_cpus(bad)) << bad;
  }
}

TEST(proc_text, numbers_of_lines) {
  const auto numbers = number_lines("Pss:      12 kB\nThreads:\t3\nName: x\ninactive 7\n");
  EXPECT_EQ(numbers.at("Pss"), 12 * 1024);
  EXPECT_EQ(numbers.at("Threads"), 3);
  EXPECT_EQ(numbers.at("inactive"), 7);
  EXPECT_FALSE(numbers.contains("Name"));
}

TEST(cpu_use, own_process_is_seen_and_an_absent_one_is_not) {
  const auto before = read_process_use(::getpid());
  ASSERT_TRUE(before);
  volatile std::uint64_t sink = 0;
  while (read_process_use(::getpid())->cpu_ns < before->cpu_ns + 5'000'000)
    sink = sink + 1;
  EXPECT_FALSE(read_process_use(1 << 22));
}

TEST(noise, own_time_is_not_foreign) {
  const machine_use before{0, 0, 0};
  const machine_use after{1'000'000'000, 900'000'000, 40'000'000};
  const auto noise = noise_between(before, after, 700'000'000, 2);
  EXPECT_NEAR(noise.foreign_cpu_share, 0.2, 1e-9);
  EXPECT_NEAR(noise.steal_share, 0.02, 1e-9);
}

TEST(thread_stacks, names_each_thread_and_where_it_waits) {
  const std::string text = thread_stacks(::getpid());
  EXPECT_NE(text.find("thread"), std::string::npos) << text;
  EXPECT_NE(text.find("observe_test"), std::string::npos) << text;
  EXPECT_EQ(thread_stacks(INT_MAX), "");
}

TEST(thread_watch, peak_has_all_threads_and_the_watching_one) {
  std::vector<std::jthread> more;
  for (int i = 0; i < 3; ++i) {
    more.emplace_back([](const std::stop_token& end) {
      while (!end.stop_requested())
        std::this_thread::yield();
    });
  }
  const int before = threads_now(::getpid()).threads;
  EXPECT_GE(before, 4);
  thread_watch watch(::getpid());
  const thread_peak peak = watch.peak();
  EXPECT_EQ(peak.threads, before + 1);
  EXPECT_EQ(peak.io_workers, 0);
}

// Threads of this process that block SIGINT.
int blocking_threads() {
  int blocking = 0;
  for (const int id : numeric_entries("/proc/self/task")) {
    const auto status = read_text(fmt::format("/proc/self/task/{}/status", id));
    const std::string text = status.text.value_or("");
    const std::size_t at = text.find("SigBlk:");
    if (at == std::string::npos) continue;
    const std::uint64_t blocked = std::stoull(text.substr(at + 7, 18), nullptr, 16);
    if ((blocked >> (SIGINT - 1) & 1) != 0) ++blocking;
  }
  return blocking;
}

TEST(thread_watch, leaves_signals_to_the_main_thread) {
  std::thread([] {}).join();  // with the first one, a sanitizer starts one of its own
  const int before = blocking_threads();
  const thread_watch watch(::getpid());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(blocking_threads(), before + 1);
}

TEST(fingerprint, null_values_have_a_cause) {
  const auto cpu = machine_fingerprint().at("cpu");
  for (const auto& [key, value] : cpu.items()) {
    EXPECT_TRUE(!value.is_null() || cpu.contains(key + "_cause")) << key;
  }
}

}  // namespace
}  // namespace tailrace::observe
