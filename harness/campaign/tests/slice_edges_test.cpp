// SPDX-License-Identifier: MIT
// Who is named for what happened in a slice: by planted causes.
#include "harness/campaign/slice_edges.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/observe/planted_neighbour.hpp"
#include "harness/observe/tests/planted_child.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::campaign {
namespace {

using observe::planted_child;

std::int64_t ns_of(const slice_use& use, const std::string& name) {
  const auto found = std::ranges::find(use.disturbers, name, &disturber::name);
  return found == use.disturbers.end() ? 0 : found->ns;
}

slice_edge edge_at(std::int64_t at_ns) {
  slice_edge edge;
  edge.target.at_ns = at_ns;
  return edge;
}

TEST(slice_use, a_quota_that_stopped_the_target_disturbs_and_names_itself) {
  const slice_edge begin = edge_at(0);
  slice_edge end = edge_at(100'000'000);
  EXPECT_EQ(use_between(begin, end, {0}).disturbance(1), 0);
  end.throttled = {.times = 2, .ns = 30'000'000};
  const slice_use use = use_between(begin, end, {0});
  EXPECT_EQ(use.throttled_ns, 30'000'000);
  EXPECT_DOUBLE_EQ(use.disturbance(1), 0.3);
  EXPECT_EQ(ns_of(use, "cpu quota"), 30'000'000);
}

TEST(slice_use, a_planted_neighbour_is_named_and_disturbs_no_round) {
  slice_edge begin = edge_at(0);
  slice_edge end = edge_at(100'000'000);
  begin.neighbour_cpu_ns = 5;
  end.neighbour_cpu_ns = 20'000'005;
  const slice_use use = use_between(begin, end, {0});
  EXPECT_EQ(use.neighbour_ns, 20'000'000);
  EXPECT_EQ(use.disturbance(1), 0);
  EXPECT_EQ(ns_of(use, "tailrace-neighbour"), 20'000'000);
}

class edge_readings : public testing::Test {
 protected:
  edge_readings()
      : target_([] { ::pause(); }),
        beside_([this] {
          ::prctl(PR_SET_NAME, beside_name_.c_str());
          observe::burn_forever();
        }),
        clock_(target_.pid()) {}

  // Of the target without a load generator, until `enough` of it.
  template <class Enough>
  slice_use seen(edge_reader& edges, const slice_processes& of, const Enough& enough) {
    const auto begin = edges.read(clock_, of);
    slice_use use;
    EXPECT_TRUE(observe::becomes_true([&] {
      const auto end = edges.read(clock_, of);
      if (begin && end) use = use_between(*begin, *end, {});
      return begin && end && enough(use);
    }));
    return use;
  }

  // Tests run at the same time, each with such a child: at most 15 letters, of this process alone.
  const std::string beside_name_ = "beside-" + std::to_string(::getpid());
  planted_child target_;
  planted_child beside_;
  observe::process_clock clock_;
};

TEST_F(edge_readings, leave_out_what_the_harness_puts_beside) {
  edge_reader edges{observe::cpu_quota{}};
  const slice_processes without = {target_.pid(), ::getpid(), {}, {}};
  seen(edges, without,
       [this](const slice_use& use) { return ns_of(use, beside_name_) > 10'000'000; });
  const slice_processes with = {target_.pid(), ::getpid(), {beside_.pid()}, {}};
  const std::int64_t before = observe::process_cpu_ns(beside_.pid()).value_or(0);
  const slice_use use = seen(edges, with, [&](const slice_use&) {
    return observe::process_cpu_ns(beside_.pid()).value_or(0) > before + 10'000'000;
  });
  EXPECT_EQ(ns_of(use, beside_name_), 0);
}

TEST_F(edge_readings, count_the_planted_neighbour_apart) {
  edge_reader edges{observe::cpu_quota{}};
  observe::planted_neighbour planted(observe::usable_cores().front().front(),
                                     {.burn_ns = 5'000'000, .per_s = 50});
  ASSERT_EQ(planted.cause(), "");
  planted.go_on();
  const slice_processes of = {target_.pid(), ::getpid(), {planted.pid()}, planted.pid()};
  const slice_use use =
      seen(edges, of, [](const slice_use& now) { return now.neighbour_ns > 10'000'000; });
  EXPECT_EQ(ns_of(use, "tailrace-neighbour"), use.neighbour_ns);
  const auto edge = edges.read(clock_, of);
  ASSERT_TRUE(edge);
  EXPECT_EQ(
      std::ranges::count(edge->others.processes, planted.pid(), &observe::neighbour_state::pid), 0)
      << "among the others too";
}

TEST_F(edge_readings, count_the_stops_of_a_quota) {
  std::string folder = (std::filesystem::temp_directory_path() / "tailrace-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string counters = folder + "/cpu.stat";
  const auto throttled_us = [&](int us) {
    std::ofstream(counters) << "nr_throttled 1\nthrottled_usec " << us << "\n";
  };
  observe::cpu_quota quota;
  quota.cores = 0.5;
  quota.counters = {counters};
  edge_reader edges(quota);
  const slice_processes of = {target_.pid(), ::getpid(), {}, {}};
  throttled_us(100);
  const auto begin = edges.read(clock_, of);
  throttled_us(150);
  const auto end = edges.read(clock_, of);
  ASSERT_TRUE(begin && end);
  EXPECT_EQ(use_between(*begin, *end, {}).throttled_ns, 50'000);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tailrace::campaign
