// SPDX-License-Identifier: MIT
#include "harness/observe/planted_neighbour.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "harness/observe/neighbours.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/process_clock.hpp"
#include "harness/observe/tests/planted_child.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::observe {
namespace {

// 5 ms, 50 times a second: a quarter of a CPU.
constexpr neighbour_schedule quarter = {.burn_ns = 5'000'000, .per_s = 50};
constexpr std::int64_t some_bursts_ns = 50'000'000;

int last_cpu() {
  return usable_cores().back().front();
}

TEST(planted_neighbour, burns_on_its_cpu_by_its_name) {
  planted_neighbour planted(last_cpu(), quarter);
  ASSERT_EQ(planted.cause(), "");
  EXPECT_EQ(::sched_getscheduler(planted.pid()), SCHED_OTHER);
  EXPECT_EQ(::getsid(planted.pid()), ::getsid(0));
  EXPECT_EQ(open_descriptors(planted.pid()), 0);
  neighbour_watch watch;
  const std::array<int, 1> us = {::getpid()};
  const neighbour_edge begin = watch.read(us);
  planted.go_on();
  neighbour_work work;
  const auto found = [&] {
    work = difference(begin, watch.read(us));
    return std::ranges::find(work.by_ns, planted.pid(), &neighbour::pid);
  };
  ASSERT_TRUE(
      becomes_true([&] { return found() != work.by_ns.end() && found()->ns >= some_bursts_ns; }));
  const neighbour& it = *found();
  EXPECT_EQ(it.cpu, last_cpu());
  EXPECT_EQ(it.kind, neighbour_kind::process);
  EXPECT_EQ(it.name, std::string(planted_neighbour_name).substr(0, 15));
}

TEST(planted_neighbour, stands_still_at_first_and_when_told_to) {
  planted_neighbour planted(last_cpu(), quarter);
  const auto burnt = [&] { return process_cpu_ns(planted.pid()).value_or(0); };
  const auto stands = [&] { return state_of(planted.pid()) == 'T'; };
  EXPECT_TRUE(becomes_true(stands));
  EXPECT_LT(burnt(), quarter.burn_ns);
  planted.go_on();
  EXPECT_TRUE(becomes_true([&] { return burnt() >= some_bursts_ns; }));
  planted.stand_still();
  EXPECT_TRUE(becomes_true(stands));
  EXPECT_TRUE(planted.is_alive());
}

TEST(planted_neighbour, a_cpu_that_is_not_there_is_a_cause) {
  EXPECT_EQ(planted_neighbour(1000, quarter).cause(), "sched_setaffinity: Invalid argument");
}

}  // namespace
}  // namespace tailrace::observe
