// SPDX-License-Identifier: MIT
// Where a cgroup of a target's own can be made, on trees of machines that this one is not.
#include "harness/observe/target_cgroup.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <ranges>
#include <thread>
#include <vector>

#include "harness/observe/group_parents.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/tests/file_tree.hpp"

namespace tailrace::observe {
namespace {

namespace fs = std::filesystem;

constexpr const char* top = "/sys/fs/cgroup";
constexpr const char* manager = "/user.slice/user-7.slice/user@7.service";

class parents : public ::testing::Test, protected file_tree {
 protected:
  ~parents() override {
    for (const fs::path& path : std::views::reverse(not_ours_))
      fs::permissions(path, fs::perms::owner_all);
  }
  // controllers: those it has; down: those it hands down.
  void group(const std::string& path, const char* controllers, const char* down,
             const std::string& members = "") const {
    write(top + path + "/cgroup.controllers", controllers);
    write(top + path + "/cgroup.subtree_control", down);
    write(top + path + "/cgroup.procs", members);
  }
  // Root may write everywhere, so it is somebody else, in a thread of its own.
  group_parents as_ordinary_user(const std::function<group_parents()>& ask) const {
    fs::permissions(root(), fs::perms(0755));
    group_parents found;
    std::thread([&] {
      constexpr long nobody = 65534;
      // The call, which is of this thread; the function of the C library is of the process.
      if (::geteuid() == 0 && ::syscall(SYS_setresuid, nobody, nobody, nobody) != 0)
        ADD_FAILURE() << "root may not become another user here";
      found = ask();
    }).join();
    return found;
  }
  // What belongs to somebody else; root may write all the same.
  void is_not_ours(const std::string& path) {
    not_ours_.emplace_back(root() + top + path);
    fs::permissions(not_ours_.back(), fs::perms(0555));
  }
  std::vector<std::string> found() const {
    std::vector<std::string> folders;
    for (const group_parent& each : find_group_parents(root()).all)
      folders.push_back(each.folder.substr(root().size()) + (each.v2 ? "" : " v1"));
    return folders;
  }

 private:
  std::vector<fs::path> not_ours_;
};

using folders = std::vector<std::string>;

// `systemd-run --user --scope`: the manager's slices hand the controller down.
TEST_F(parents, a_scope_of_the_users_manager_has_one_above_it) {
  const std::string slice = std::string(manager) + "/app.slice";
  own_cgroup_v2(slice + "/run-r1.scope");
  group(slice + "/run-r1.scope", "memory pids", "", "1\n");
  group(slice, "cpu memory pids", "memory pids\n");
  group(manager, "cpu memory pids", "cpu memory pids\n");
  EXPECT_EQ(found(), (folders{top + slice, std::string(top) + manager}));
  EXPECT_EQ(find_group_parents(root()).cause, "");
}

TEST_F(parents, a_controller_that_is_not_handed_down_is_none) {
  own_cgroup_v2("/a.slice/b.scope");
  group("/a.slice/b.scope", "pids", "", "1\n");
  group("/a.slice", "cpu pids", "pids memory_like\n");
  EXPECT_EQ(found(), folders{});
  EXPECT_EQ(find_group_parents(root()).cause, "no memory cgroup is mounted");
}

TEST_F(parents, what_is_not_ours_is_said_with_its_name) {
  own_cgroup_v2("/user.slice/session-3.scope");
  group("/user.slice/session-3.scope", "memory", "", "1\n");
  group("/user.slice", "memory", "memory\n");
  is_not_ours("/user.slice/session-3.scope");
  is_not_ours("/user.slice");
  const group_parents found = as_ordinary_user([&] { return find_group_parents(root()); });
  EXPECT_TRUE(found.all.empty());
  EXPECT_NE(found.cause.find("/user.slice: Permission denied"), std::string::npos) << found.cause;
}

// A service with Delegate=: what is above it belongs to the system, and nobody is moved out of it.
TEST_F(parents, an_own_cgroup_with_processes_is_left_alone) {
  const std::string own = "/system.slice/runner.service";
  own_cgroup_v2(own);
  group(own, "memory pids", "", fmt::format("{}\n", ::getpid()));
  EXPECT_EQ(found(), folders{});
  EXPECT_EQ(find_group_parents(root()).cause,
            root() + top + own + ": it does not hand its memory controller down");
}

// Both versions mounted, the controller in the first.
TEST_F(parents, the_own_cgroup_of_version_1_will_do) {
  write("/proc/self/cgroup", "4:memory:/job\n0::/\n");
  write("/proc/self/mountinfo",
        "31 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "32 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  write("/sys/fs/cgroup/unified/cgroup.controllers", "\n");
  write("/sys/fs/cgroup/unified/cgroup.subtree_control", "\n");
  write("/sys/fs/cgroup/memory/job/cgroup.procs", "");
  EXPECT_EQ(found(), folders{"/sys/fs/cgroup/memory/job v1"});
}

TEST_F(parents, what_no_kernel_has_made_is_no_cgroup) {
  own_cgroup_v2("/a.slice/b.scope");
  group("/a.slice", "memory", "memory\n");
  const target_cgroup group(root());
  EXPECT_FALSE(group.is_there());
  EXPECT_NE(group.cause().find("no memory controller in"), std::string::npos) << group.cause();
  EXPECT_EQ(group.join_path(), "");
  EXPECT_FALSE(group.kernel_bytes());
}

TEST(memory_stat, kernel_bytes_are_the_total_and_the_sockets_or_the_parts_of_older_kernels) {
  EXPECT_EQ(kernel_bytes_in_v2("anon 5\nkernel 100\nkernel_stack 30\nsock 7\n"), 107.0);
  EXPECT_EQ(kernel_bytes_in_v2("anon 5\nkernel_stack 30\npercpu 1\nsock 7\nslab 50\n"), 88.0);
  EXPECT_FALSE(kernel_bytes_in_v2("anon 5\n"));
  EXPECT_FALSE(kernel_bytes_in_v2(""));
}

}  // namespace
}  // namespace tailrace::observe
