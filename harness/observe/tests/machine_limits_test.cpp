// SPDX-License-Identifier: MIT
// The limits of a machine that this one is not, from a file tree.
#include "harness/observe/machine_limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/observe/capabilities.hpp"
#include "harness/observe/tests/file_tree.hpp"

namespace tailrace::observe {
namespace {

namespace fs = std::filesystem;

class limits : public ::testing::Test, protected file_tree {
 protected:
  limits() {
    write("/proc/sys/kernel/threads-max", "30000\n");
    write("/proc/sys/kernel/pid_max", "32768\n");
    write("/proc/loadavg", "0.10 0.20 0.30 2/345 4711\n");
  }
  void v1(const std::string& own) const {
    write("/proc/self/cgroup", "8:pids:" + own + "\n1:cpu:/\n0::/\n");
    write("/proc/self/mountinfo",
          "31 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
          "32 30 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n");
  }
};

TEST_F(limits, threads_are_those_of_the_machine_that_are_left) {
  const machine_limit most = threads_limit(root());
  EXPECT_EQ(most.most, 30'000 - 345);
  EXPECT_EQ(most.set_by, "kernel.threads-max");
  EXPECT_EQ(most.remedy(40'000),
            "raise kernel.threads-max so that 40000 more fit (sysctl, as root)");
}

// What a user runs already counts against his limit of processes, thread by thread.
TEST_F(limits, threads_of_a_user_are_those_of_his_processes) {
  const auto process = [this](int pid, int user, int threads) {
    write(fmt::format("/proc/{}/status", pid),
          fmt::format("Name:\tx\nUid:\t{}\t0\t0\t0\nThreads:\t{}\n", user, threads));
  };
  process(1, 0, 1);
  process(20, 1000, 7);
  process(21, 1000, 400);
  process(22, 1001, 50);
  write("/proc/23/status", "");  // it has ended
  EXPECT_EQ(threads_of_user(1000, root()), 407);
  EXPECT_EQ(threads_of_user(7, root()), 0);
}

TEST_F(limits, a_thread_takes_two_of_the_maps) {
  write("/proc/sys/vm/max_map_count", "2000\n");
  EXPECT_EQ(threads_limit(root()).most, 1000);
  EXPECT_EQ(threads_limit(root()).set_by, "vm.max_map_count");
}

// A user slice, a service of CI: the limit is not at the top of the tree.
TEST_F(limits, least_pids_limit_of_the_own_path_counts_in_v2) {
  own_cgroup_v2("/user.slice/runner.service");
  const std::string top = "/sys/fs/cgroup";
  write(top + "/user.slice/runner.service/pids.max", "max\n");
  write(top + "/user.slice/pids.max", "400\n");
  write(top + "/user.slice/pids.current", "30\n");
  write(top + "/other.slice/pids.max", "5\n");  // not ours
  const machine_limit most = threads_limit(root());
  EXPECT_EQ(most.most, 370);
  EXPECT_EQ(most.set_by, root() + top + "/user.slice/pids.max");
  EXPECT_NE(most.remedy(600).find("600 more fit (TasksMax="), std::string::npos);
  write(top + "/user.slice/pids.current", "401\n");  // a limit that was set below what is there
  EXPECT_EQ(threads_limit(root()).most, 0);
}

TEST_F(limits, least_pids_limit_of_the_own_path_counts_in_v1) {
  v1("/docker/x");
  write("/sys/fs/cgroup/pids/docker/x/pids.max", "100\n");
  write("/sys/fs/cgroup/pids/docker/x/pids.current", "1\n");
  write("/sys/fs/cgroup/pids/docker/pids.max", "5000\n");
  EXPECT_EQ(threads_limit(root()).most, 99);
  EXPECT_EQ(cgroup_pids_max(root()), 100);
  fs::remove_all(root() + "/proc/self");
  EXPECT_EQ(cgroup_pids_max(root()), std::nullopt);
}

TEST_F(limits, memory_is_what_the_own_path_leaves_in_v2) {
  EXPECT_EQ(group_memory_limit(root()).most, INT64_MAX);
  own_cgroup_v2("/user.slice/runner.service");
  const std::string folder = "/sys/fs/cgroup/user.slice";
  write(folder + "/runner.service/memory.max", "max\n");
  write(folder + "/memory.max", "1000000\n");
  write(folder + "/memory.current", "700000\n");
  write(folder + "/memory.stat", "anon 400000\ninactive_file 250000\nactive_file 50000\n");
  write("/sys/fs/cgroup/other.slice/memory.max", "5\n");  // not ours
  const machine_limit most = group_memory_limit(root());
  EXPECT_EQ(most.most, 550'000);
  EXPECT_EQ(most.set_by, root() + folder + "/memory.max");
  EXPECT_NE(most.remedy(600).find("600 bytes more fit (MemoryMax="), std::string::npos);
  write(folder + "/memory.high", "800000\n");
  EXPECT_EQ(group_memory_limit(root()).most, 350'000);
}

TEST_F(limits, memory_is_what_the_own_path_leaves_in_v1) {
  write("/proc/self/cgroup", "8:memory:/docker/x\n0::/\n");
  write("/proc/self/mountinfo",
        "31 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "32 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  const std::string folder = "/sys/fs/cgroup/memory";
  write(folder + "/memory.limit_in_bytes", "9223372036854771712\n");  // none
  write(folder + "/memory.usage_in_bytes", "1\n");
  EXPECT_EQ(group_memory_limit(root()).most, INT64_MAX);
  write(folder + "/docker/x/memory.limit_in_bytes", "500000\n");
  write(folder + "/docker/x/memory.usage_in_bytes", "200000\n");
  write(folder + "/docker/x/memory.stat", "inactive_file 7\ntotal_inactive_file 10000\n");
  EXPECT_EQ(group_memory_limit(root()).most, 310'000);
}

TEST_F(limits, ports_are_those_that_nobody_has_reserved) {
  EXPECT_EQ(local_ports_limit(root()).most, INT64_MAX);
  write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  EXPECT_EQ(local_ports_limit(root()).most, 28'232);
  write("/proc/sys/net/ipv4/ip_local_reserved_ports", "80,30000-32767,32768-32777,60999-61005\n");
  EXPECT_EQ(local_ports_limit(root()).most, 28'232 - 11);
}

TEST_F(limits, files_of_the_whole_machine_count_too) {
  write("/proc/sys/fs/file-max", "9000\n");
  write("/proc/sys/fs/file-nr", "1000\t0\t9000\n");
  EXPECT_EQ(open_files_limit(root()).most, 8000);
  EXPECT_EQ(open_files_limit(root()).set_by, "fs.file-max");
}

// Root of a container has few capabilities, and all of them in a user namespace of its own.
TEST_F(limits, only_a_capability_goes_beyond_a_limit_of_the_machine) {
  write("/proc/sys/fs/file-max", "9000\n");
  const auto status = [this](const std::string& bits) {
    write("/proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t" + bits + "\nCapBnd:\t0\n");
  };
  status("00000000a80425fb");  // what Docker leaves
  EXPECT_FALSE(has_capability(capability::sys_admin, root()));
  EXPECT_FALSE(has_capability(capability::ipc_lock, root()));
  EXPECT_EQ(open_files_limit(root()).most, 9000);
  status("0000000000200000");
  EXPECT_TRUE(has_capability(capability::sys_admin, root()));
  EXPECT_FALSE(has_capability(capability::sys_resource, root()));
  EXPECT_EQ(open_files_limit(root()).most, INT64_MAX);
  write("/proc/self/uid_map", "         0          0 4294967295\n");
  EXPECT_TRUE(has_capability(capability::sys_admin, root()));
  write("/proc/self/uid_map", "         0     100000      65536\n");
  EXPECT_FALSE(has_capability(capability::sys_admin, root()));
  EXPECT_EQ(open_files_limit(root()).most, 9000);
  fs::remove_all(root() + "/proc/self");
  status("1fffffffffg");
  EXPECT_FALSE(has_capability(capability::ipc_lock, root()));
}

TEST(limits_here, own_threads_are_among_those_of_the_user) {
  EXPECT_GE(threads_of_user(::getuid()), 1);
}

TEST(limits_here, are_at_least_something) {
  EXPECT_GT(open_files_limit().most, 0);
  EXPECT_EQ(open_files_limit().set_by, "RLIMIT_NOFILE");
  EXPECT_GT(threads_limit().most, 0);
  EXPECT_GT(local_ports_limit().most, 0);
}

}  // namespace
}  // namespace tailrace::observe
