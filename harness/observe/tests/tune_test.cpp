// SPDX-License-Identifier: MIT
#include "harness/observe/tune.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "harness/observe/proc_text.hpp"
#include "harness/observe/tests/file_tree.hpp"
#include "harness/observe/tests/planted_child.hpp"

namespace tailrace::observe {
namespace {

using std::chrono::milliseconds;
namespace fs = std::filesystem;

std::vector<int> policies_of(int pid) {
  std::vector<int> policies;
  for (const int tid : numeric_entries("/proc/" + std::to_string(pid) + "/task"))
    policies.push_back(::sched_getscheduler(tid));
  return policies;
}

bool all_in(int policy, int pid) {
  return std::ranges::all_of(policies_of(pid), [=](int found) { return found == policy; });
}

TEST(tune, all_threads_go_to_fifo_with_a_bound_and_come_back) {
  const planted_child two([] {
    std::thread([] { ::pause(); }).detach();
    ::pause();
  });
  ASSERT_TRUE(becomes_true([&] { return policies_of(two.pid()).size() >= 2; }));
  const std::string refused = into_fifo(two.pid(), milliseconds(5000));
  if (!refused.empty()) {
    EXPECT_TRUE(all_in(SCHED_OTHER, two.pid()));
    GTEST_SKIP() << refused;
  }
  EXPECT_TRUE(all_in(SCHED_FIFO, two.pid()));
  sched_param given{};
  ::sched_getparam(two.pid(), &given);
  EXPECT_EQ(given.sched_priority, fifo_priority);
  rlimit limit{};
  ::prlimit(two.pid(), RLIMIT_RTTIME, nullptr, &limit);
  EXPECT_EQ(limit.rlim_cur, 5'000'000U);
  EXPECT_EQ(limit.rlim_max, 6'000'000U);
  EXPECT_EQ(out_of_fifo(two.pid()), "");
  EXPECT_TRUE(all_in(SCHED_OTHER, two.pid()));
}

TEST(tune, a_loop_that_spins_in_fifo_is_ended_by_the_kernel) {
  const planted_child spinner(burn_forever);
  const std::string refused = into_fifo(spinner.pid(), milliseconds(50));
  if (!refused.empty()) GTEST_SKIP() << refused;
  siginfo_t ended{};
  EXPECT_TRUE(becomes_true([&] {
    ::waitid(P_PID, static_cast<id_t>(spinner.pid()), &ended, WEXITED | WNOHANG | WNOWAIT);
    return ended.si_pid == spinner.pid();
  }));
  EXPECT_EQ(ended.si_status, SIGXCPU);
}

TEST(tune, is_refused_where_the_kernel_leaves_nothing_to_others) {
  const planted_child sleeper([] { ::pause(); });
  const file_tree tree;
  EXPECT_NE(into_fifo(sleeper.pid(), milliseconds(5000), tree.root()), "");  // cannot be read
  tree.write("/proc/sys/kernel/sched_rt_period_us", "1000000\n");
  for (const char* bad : {"-1\n", "1000000\n"}) {
    tree.write("/proc/sys/kernel/sched_rt_runtime_us", bad);
    const std::string refused = into_fifo(sleeper.pid(), milliseconds(5000), tree.root());
    EXPECT_NE(refused.find("could take the machine"), std::string::npos) << refused;
  }
  EXPECT_TRUE(all_in(SCHED_OTHER, sleeper.pid()));
}

TEST(tune, without_rights_the_cause_is_said) {
  const planted_child sleeper([] { ::pause(); });
  if (::geteuid() == 0) {
    // Another process, as a user without rights, tries it on itself.
    int status = -1;
    const int child = ::fork();
    if (child == 0) {
      const rlimit none{0, 0};
      ::setrlimit(RLIMIT_RTPRIO, &none);
      if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
        ::_exit(1);
      const std::string refused = into_fifo(::getpid(), milliseconds(5000));
      const bool held = cpu_latency_request().cause().empty();
      ::_exit(refused.find("CAP_SYS_NICE") == std::string::npos || held ? 2 : 0);
    }
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_NE(into_fifo(1 << 22, milliseconds(5000)), "");  // no such process
  EXPECT_EQ(out_of_fifo(1 << 22), "SCHED_OTHER: no process 4194304");
}

TEST(tune, latency_request_is_written_and_held) {
  char name[] = "/tmp/tailrace-latency-XXXXXX";
  const int fd = ::mkstemp(name);
  const auto before = open_descriptors(::getpid());
  {
    const cpu_latency_request held(name);
    EXPECT_EQ(held.cause(), "");
    EXPECT_GT(open_descriptors(::getpid()), before);
  }
  EXPECT_EQ(open_descriptors(::getpid()), before);
  EXPECT_EQ(read_text(name).text, std::string(4, '\0'));
  ::close(fd);
  fs::remove(name);
  EXPECT_NE(cpu_latency_request("/nowhere").cause().find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace tailrace::observe
