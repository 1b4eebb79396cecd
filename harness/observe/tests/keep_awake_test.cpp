// SPDX-License-Identifier: MIT
#include "harness/observe/keep_awake.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>

#include "harness/observe/neighbours.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/scheduler_group.hpp"
#include "harness/observe/tests/planted_child.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::observe {
namespace {

bool has_ended(int pid) {
  return state_of(pid) == ' ' || state_of(pid) == 'Z';
}

std::vector<int> first_of_each_core() {
  std::vector<int> cpus;
  for (const auto& core : usable_cores())
    cpus.push_back(core.front());
  return cpus;
}

TEST(keep_awake, an_idle_class_process_runs_on_each_cpu_and_is_taken_away) {
  const auto cpus = first_of_each_core();
  std::vector<int> pids;
  {
    const keep_awake awake(cpus);
    ASSERT_EQ(awake.cause(), "");
    pids = awake.pids();
    ASSERT_EQ(pids.size(), cpus.size());
    for (std::size_t i = 0; i < pids.size(); ++i) {
      EXPECT_EQ(::sched_getscheduler(pids[i]), SCHED_IDLE);
      EXPECT_EQ(allowed_cpus_of_threads(pids[i]).at(0), std::to_string(cpus[i]));
      EXPECT_EQ(state_of(pids[i]), 'R');  // wants to run, whether or not it may
      EXPECT_EQ(open_descriptors(pids[i]), 0);
      EXPECT_EQ(::getsid(pids[i]), ::getsid(0));
      EXPECT_NE(::getpgid(pids[i]), ::getpgrp());
    }
    EXPECT_TRUE(awake.all_alive());
    EXPECT_TRUE(awake.idle_beside(::getpid()));
    ::kill(pids[0], SIGKILL);
    EXPECT_TRUE(becomes_true([&] { return !awake.all_alive(); }));
  }
  for (const int pid : pids)
    EXPECT_EQ(state_of(pid), ' ') << pid;
}

TEST(keep_awake, lets_the_cpus_idle_between) {
  keep_awake awake(first_of_each_core());
  ASSERT_EQ(awake.cause(), "");
  const auto all = [&](char state) {
    return [&awake, state] {
      return std::ranges::all_of(awake.pids(), [=](int pid) { return state_of(pid) == state; });
    };
  };
  awake.pause();
  EXPECT_TRUE(becomes_true(all('T')));
  EXPECT_TRUE(awake.all_alive());
  awake.resume();
  EXPECT_TRUE(becomes_true(all('R')));
}

TEST(keep_awake, dies_with_a_harness_that_is_killed) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  planted_child harness([&] {
    const keep_awake awake(first_of_each_core());
    const int pid = awake.pids().at(0);
    if (::write(ends[1], &pid, sizeof pid) == sizeof pid) ::pause();
  });
  int spinner = 0;
  ASSERT_EQ(::read(ends[0], &spinner, sizeof spinner), static_cast<ssize_t>(sizeof spinner));
  EXPECT_FALSE(has_ended(spinner));
  harness.end();
  EXPECT_TRUE(becomes_true([&] { return has_ended(spinner); }));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(keep_awake, a_cpu_that_is_not_there_is_a_cause_and_nothing_spins) {
  const int cpus[] = {first_of_each_core().front(), 1000};
  const keep_awake awake(cpus);
  EXPECT_EQ(awake.cause(), "CPU 1000 cannot be kept awake: sched_setaffinity: Invalid argument");
  EXPECT_TRUE(awake.pids().empty());
}

TEST(scheduler_group, a_session_of_its_own_is_a_group_where_the_kernel_has_it_so) {
  const planted_child same([] { ::pause(); });
  const planted_child apart([] {
    ::setsid();
    ::pause();
  });
  ASSERT_TRUE(becomes_true([&] { return ::getsid(apart.pid()) == apart.pid(); }));
  const keep_awake none({});
  EXPECT_TRUE(none.idle_beside(same.pid()));
  const std::string own = scheduler_group();
  if (own.find("autogroup") == std::string::npos) GTEST_SKIP() << "no groups by session: " << own;
  EXPECT_FALSE(none.idle_beside(apart.pid()));
}

}  // namespace
}  // namespace tailrace::observe
