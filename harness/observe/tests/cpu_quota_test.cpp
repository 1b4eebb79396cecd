// SPDX-License-Identifier: MIT
#include "harness/observe/cpu_quota.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/observe/cgroup_path.hpp"
#include "harness/observe/scheduler_group.hpp"
#include "harness/observe/tests/file_tree.hpp"

namespace tailrace::observe {
namespace {

namespace fs = std::filesystem;

// A file tree with what a process sees of its cgroups.
class cgroups : public ::testing::Test, protected file_tree {
 protected:
  void v1(const std::string& own, const std::string& from = "/") const {
    write("/proc/self/cgroup", "5:cpuset:/\n4:cpu,cpuacct:" + own + "\n0::/\n");
    write("/proc/self/mountinfo",
          "31 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n33 30 0:29 / "
          "/sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n32 30 0:30 " +
              from + " /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
  }
};

TEST_F(cgroups, least_quota_of_the_path_counts_in_v2) {
  own_cgroup_v2("/a/b");
  const std::string folder = "/sys/fs/cgroup/";
  write(folder + "a/b/cpu.max", "400000 200000\n");
  write(folder + "a/cpu.max", "75000 50000\n");
  write(folder + "a/b/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 40\n");
  write(folder + "a/cpu.stat", "nr_throttled 1\nthrottled_usec 7\n");
  write(folder + "cpu.stat", "usage_usec 99\n");  // the root has no quota and counts nothing
  const auto quota = find_cpu_quota("self", root());
  ASSERT_TRUE(quota.cores);
  EXPECT_DOUBLE_EQ(*quota.cores, 1.5);
  EXPECT_EQ(in_words(quota),
            "CPU quota: 1.50 cores in periods of 50 ms (" + root() + "/sys/fs/cgroup/a)");
  const auto begin = read_throttling(quota);
  EXPECT_EQ(begin.times, 4);
  EXPECT_EQ(begin.ns, 47'000);
  write(folder + "a/b/cpu.stat", "nr_throttled 5\nthrottled_usec 140\n");
  EXPECT_EQ(difference(begin, read_throttling(quota)).times, 2);
  EXPECT_EQ(difference(begin, read_throttling(quota)).ns, 100'000);
  EXPECT_EQ(difference(read_throttling(quota), begin).ns, 0);
}

TEST_F(cgroups, no_quota_is_no_value) {
  own_cgroup_v2("/a");
  write("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_FALSE(find_cpu_quota("self", root()).cores);
  EXPECT_EQ(in_words(find_cpu_quota("self", root())), "");
  v1("/a");
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_FALSE(find_cpu_quota("self", root()).cores);
  fs::remove_all(root() + "/proc");
  EXPECT_FALSE(find_cpu_quota("self", root()).cores);
  EXPECT_TRUE(find_cpu_quota("self", root()).counters.empty());
}

TEST_F(cgroups, v1_counts_in_nanoseconds_beside_an_empty_v2) {
  v1("/docker/x");
  const std::string folder = "/sys/fs/cgroup/cpu/docker/x/";
  write(folder + "cpu.cfs_quota_us", "50000\n");
  write(folder + "cpu.cfs_period_us", "100000\n");
  write(folder + "cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 123\n");
  const auto quota = find_cpu_quota("self", root());
  ASSERT_TRUE(quota.cores);
  EXPECT_DOUBLE_EQ(*quota.cores, 0.5);
  EXPECT_EQ(read_throttling(quota).ns, 123);
}

TEST_F(cgroups, in_a_container_the_mount_begins_at_its_own_cgroup) {
  for (const char* own : {"/docker/x", "/"}) {  // without and with a cgroup namespace
    v1(own, own == std::string("/") ? "/" : "/docker/x");
    write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
    write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(find_cpu_quota("self", root()).cores, 2.0) << own;
  }
  own_cgroup_v2("/docker/x", "/docker");
  EXPECT_EQ(find_cgroup("", "self", root())->own, "/x");
}

TEST_F(cgroups, a_group_of_the_scheduler_is_where_the_controller_is_on) {
  write("/proc/sys/kernel/sched_autogroup_enabled", "1\n");
  write("/proc/self/autogroup", "/autogroup-9 nice 0\n");
  own_cgroup_v2("/a/b");
  const std::string mount = root() + "/sys/fs/cgroup";
  EXPECT_EQ(scheduler_group("self", root()), mount + "/autogroup-9");
  write("/sys/fs/cgroup/a/cpu.weight", "100\n");
  EXPECT_EQ(scheduler_group("self", root()), mount + "/a");
  v1("/");
  EXPECT_EQ(scheduler_group("self", root()), mount + "/cpu/autogroup-9");
  v1("/x");
  EXPECT_EQ(scheduler_group("self", root()), mount + "/cpu/x");
  write("/proc/sys/kernel/sched_autogroup_enabled", "0\n");
  v1("/");
  EXPECT_EQ(scheduler_group("self", root()), mount + "/cpu");
}

TEST_F(cgroups, folders_of_a_path_from_the_own_one_up) {
  EXPECT_EQ(with_ancestors({"/m", "/a/b"}), (std::vector<std::string>{"/m/a/b", "/m/a", "/m"}));
  EXPECT_EQ(with_ancestors({"/m", ""}), (std::vector<std::string>{"/m"}));
}

}  // namespace
}  // namespace tailrace::observe
