// SPDX-License-Identifier: MIT
// How many rounds a campaign makes beside neighbours of every kind, and which of them count.
#include "harness/campaign/round_budget.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace tailrace::campaign {
namespace {

constexpr int wanted = 7;
constexpr int generations = 8;
constexpr double quiet = 0.01;
constexpr double busy = 0.5;

struct campaign_rounds {
  int made = 0;
  int kept = 0;
  int kept_disturbed = 0;
};

// taken: in the round of this number, over all generations.
campaign_rounds run_beside(const std::function<double(int)>& taken) {
  campaign_rounds all;
  recent_rounds recent;
  for (int generation = 0; generation < generations; ++generation) {
    round_budget budget(wanted, recent);
    for (; !budget.complete(); ++all.made) {
      const double share = taken(all.made);
      if (!budget.keep(share)) continue;
      ++all.kept;
      all.kept_disturbed += share == busy ? 1 : 0;
    }
  }
  return all;
}

// "x" where the round is dropped, "k" where it counts.
std::string fate(round_budget& budget, const std::string& rounds) {
  std::string told;
  for (const char each : rounds)
    told += budget.keep(each == 'b' ? busy : quiet) ? 'k' : 'x';
  return told;
}

TEST(round_budget, a_quiet_campaign_makes_what_is_wanted) {
  const campaign_rounds all = run_beside([](int) { return quiet; });
  EXPECT_EQ(all.made, wanted * generations);
  EXPECT_EQ(all.kept, wanted * generations);
}

TEST(round_budget, a_tenth_of_the_cpu_is_not_yet_disturbed) {
  recent_rounds recent;
  round_budget budget(wanted, recent);
  EXPECT_TRUE(budget.keep(0.10));
  EXPECT_FALSE(budget.keep(0.101));
}

TEST(round_budget, beside_a_neighbour_that_stays_few_rounds_are_dropped) {
  const campaign_rounds all = run_beside([](int) { return busy; });
  EXPECT_EQ(all.made, wanted * generations + 3) << "of the whole campaign";
  EXPECT_EQ(all.kept_disturbed, wanted * generations);
}

TEST(round_budget, a_neighbour_that_is_nearly_always_there_stays_too) {
  for (const int quiet_each : {5, 6, 10, 20}) {
    const campaign_rounds all =
        run_beside([&](int round) { return round % quiet_each == 0 ? quiet : busy; });
    EXPECT_LE(all.made, 1.2 * wanted * generations) << "one quiet round in " << quiet_each;
  }
}

TEST(round_budget, where_neighbours_come_and_go_only_undisturbed_rounds_count) {
  const campaign_rounds half = run_beside([](int round) { return round % 2 == 0 ? busy : quiet; });
  EXPECT_EQ(half.kept_disturbed, 0);
  EXPECT_EQ(half.made, 2 * wanted * generations);
  const campaign_rounds bursts =
      run_beside([](int round) { return round % 20 < 3 ? busy : quiet; });
  EXPECT_LE(bursts.kept_disturbed, 1) << "a campaign may begin with one";
}

TEST(round_budget, a_neighbour_that_comes_is_noticed_and_so_is_that_it_went) {
  recent_rounds recent;
  round_budget before(10, recent);
  EXPECT_EQ(fate(before, "qqqqqqqq"), "kkkkkkkk");
  EXPECT_EQ(fate(before, "bbbbbb"), "xxxxxk") << "six of eight";
  round_budget after(30, recent);
  EXPECT_EQ(fate(after, "bbb"), "kkk") << "the generation before is remembered";
  EXPECT_EQ(fate(after, "qqqb"), "kkkx") << "three undisturbed rounds, and it is worth it again";
}

TEST(round_budget, at_most_as_many_are_dropped_as_are_wanted) {
  recent_rounds recent;
  round_budget budget(2, recent);
  EXPECT_EQ(fate(budget, "bb"), "xx");
  EXPECT_FALSE(budget.complete());
  EXPECT_EQ(fate(budget, "bq"), "kk") << "three tell nothing yet, but no repeats are left";
  EXPECT_TRUE(budget.complete());
}

}  // namespace
}  // namespace tailrace::campaign
