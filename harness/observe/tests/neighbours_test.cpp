// SPDX-License-Identifier: MIT
#include "harness/observe/neighbours.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/tests/planted_child.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::observe {
namespace {

constexpr std::int64_t some_ns = 20'000'000;

std::int64_t ns_of(const neighbour_work& work, int pid) {
  const auto found = std::ranges::find(work.by_ns, pid, &neighbour::pid);
  return found == work.by_ns.end() ? 0 : found->ns;
}

std::vector<int> usable_cpus() {
  std::vector<int> cpus;
  for (const auto& core : usable_cores())
    cpus.insert(cpus.end(), core.begin(), core.end());
  return cpus;
}

TEST(neighbours, who_burns_is_named_with_its_cpu_and_ours_are_not) {
  const int cpu = usable_cpus().back();
  const auto burn = [cpu](const char* name) {
    return [cpu, name] {
      stay_on(cpu);
      ::prctl(PR_SET_NAME, name);
      burn_forever();
    };
  };
  const planted_child other(burn("planted (1) x"));
  const planted_child own(burn("of ours"));
  const int ours[] = {own.pid(), ::getpid()};
  neighbour_watch watch;
  const auto begin = watch.read(ours);
  const auto& seen = begin.processes;
  EXPECT_NE(std::ranges::find(seen, other.pid(), &neighbour_state::pid), seen.end());
  EXPECT_EQ(std::ranges::find(seen, own.pid(), &neighbour_state::pid), seen.end());
  neighbour_work work;
  ASSERT_TRUE(becomes_true([&] {
    work = difference(begin, watch.read(ours));
    return ns_of(work, other.pid()) > some_ns;
  }));
  const auto found = *std::ranges::find(work.by_ns, other.pid(), &neighbour::pid);
  EXPECT_EQ(found.name, "planted (1) x");
  EXPECT_EQ(found.cpu, cpu);
  EXPECT_EQ(found.kind, neighbour_kind::process);
  EXPECT_GE(work.ns_of_cpu[cpu], found.ns);
  EXPECT_EQ(ns_of(work, own.pid()), 0);
  EXPECT_EQ(ns_of(work, ::getpid()), 0);
  EXPECT_TRUE(std::ranges::is_sorted(work.by_ns, std::greater{}, &neighbour::ns));
  // Whoever was ours at the beginning cannot be counted at the end.
  EXPECT_EQ(ns_of(difference(begin, watch.read({})), own.pid()), 0);
}

TEST(neighbours, threads_of_one_process_are_told_by_their_cpus) {
  const auto cpus = usable_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU";
  const planted_child two([&] {
    std::thread([&] {
      stay_on(cpus[1]);
      burn_forever();
    }).detach();
    stay_on(cpus[0]);
    burn_forever();
  });
  neighbour_watch watch;
  // Only this one of what is seen, so that nobody else is in the sums.
  const auto only = [&](neighbour_edge edge) {
    std::erase_if(edge.processes, [&](const auto& state) { return state.pid != two.pid(); });
    return edge;
  };
  const auto begin = only(watch.read({}));
  EXPECT_TRUE(becomes_true([&] {
    auto work = difference(begin, only(watch.read({})));
    return work.ns_of_cpu[cpus[0]] > some_ns && work.ns_of_cpu[cpus[1]] > some_ns;
  }));
}

TEST(neighbours, one_that_begins_counts_and_one_that_ends_is_said) {
  neighbour_watch watch;
  planted_child old([] { ::pause(); });
  const auto begin = watch.read({});
  const planted_child fresh(burn_forever);
  old.end();
  neighbour_work work;
  EXPECT_TRUE(becomes_true([&] {
    work = difference(begin, watch.read({}));
    return ns_of(work, fresh.pid()) > some_ns;
  }));
  EXPECT_GE(work.ended, 1);
}

TEST(neighbours, sums_by_cpu_are_the_clocks_and_never_negative) {
  const neighbour_edge begin{0,
                             {{7, 100, 1, "a", false, {{7, 0, 60}, {8, 1, 30}}},
                              {9, 50, 2, "kworker/0:1H-kblockd", true, {{9, 0, 50}}},
                              {11, 90, 3, "b", false, {{11, 0, 90}}}},
                             {},
                             true,
                             ""};
  // 7: thread 8 has ended, 10 is new; 11 is another process of the same number.
  const neighbour_edge end{1,
                           {{7, 200, 1, "a", false, {{7, 0, 90}, {10, 2, 45}}},
                            {9, 55, 2, "kworker/0:1H-kblockd", true, {{9, 0, 55}}},
                            {11, 20, 4, "c", false, {{11, 1, 20}}}},
                           {},
                           true,
                           ""};
  const auto work = difference(begin, end);
  EXPECT_EQ(work.ns_of_cpu, (std::map<int, std::int64_t>{{0, 30}, {1, 20}, {2, 70}}));
  EXPECT_EQ(work.io_ns_of_cpu, (std::map<int, std::int64_t>{{0, 5}}));
  ASSERT_EQ(work.by_ns.size(), 3U);
  EXPECT_EQ(work.by_ns[0].name, "a");
  EXPECT_EQ(work.by_ns[0].cpu, 2);
  EXPECT_EQ(work.by_ns[2].kind, neighbour_kind::kernel_io);
  EXPECT_EQ(work.ended, 1);
}

TEST(neighbours, kernel_threads_that_do_io_are_a_rule_by_name) {
  for (const char* io : {"ksoftirqd/0", "kworker/0:1H-kblockd", "kworker/u4:2+ext4-rsv-conversion",
                         "irq/24-virtio0", "rcu_preempt", "kworker/1:0-dio/vda", "nvme0n1"})
    EXPECT_EQ(kind_of_kernel_thread(io), neighbour_kind::kernel_io) << io;
  for (const char* other : {"kswapd0", "kworker/0:0-events", "kworker/0:0", "khugepaged",
                            "migration/1", "kworker/u4:1-flush-254:0", "kcompactd0"})
    EXPECT_EQ(kind_of_kernel_thread(other), neighbour_kind::kernel) << other;
}

// In a child: /proc mounted with hidepid, as a user without rights. 0 as wanted, 77 not possible.
int watch_under_hidepid(const char* option, bool burner_listed, int burner) {
  const auto try_it = [&] {
    if (::unshare(CLONE_NEWNS) != 0) return 77;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (::mount("proc", "/proc", "proc", 0, option) != 0) return 77;
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return 77;
    neighbour_watch watch;
    const auto edge = watch.read({});
    if (edge.seen_all || edge.cause.find("hidepid") == std::string::npos) return 1;
    const auto found = std::ranges::find(edge.processes, burner, &neighbour_state::pid);
    if ((found != edge.processes.end()) != burner_listed) return 2;
    if (!burner_listed) return 0;
    const auto later = difference(edge, watch.read({}));
    const auto named = std::ranges::find(later.by_ns, burner, &neighbour::pid);
    return named == later.by_ns.end() || (named->name == "?" && named->cpu == cpu_unknown) ? 0 : 3;
  };
  const int child = ::fork();
  if (child == 0) ::_exit(try_it());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(neighbours, hidden_processes_are_said) {
  const planted_child burner(burn_forever);
  for (const auto& [option, listed] : {std::pair{"hidepid=1", true}, {"hidepid=2", false}}) {
    const int outcome = watch_under_hidepid(option, listed, burner.pid());
    if (outcome == 77) GTEST_SKIP() << "may not mount /proc";
    EXPECT_EQ(outcome, 0) << option;
  }
}

TEST(cpu_use, each_cpu_has_its_ticks) {
  const auto cpus = read_use_of_cpus();
  EXPECT_EQ(static_cast<long>(cpus.size()), ::sysconf(_SC_NPROCESSORS_ONLN));
  const int cpu = usable_cpus().back();
  const planted_child burner([cpu] {
    stay_on(cpu);
    burn_forever();
  });
  EXPECT_TRUE(becomes_true(
      [&] { return read_use_of_cpus().at(cpu).busy_ns > cpus.at(cpu).busy_ns + some_ns; }));
}

}  // namespace
}  // namespace tailrace::observe
