// SPDX-License-Identifier: MIT
#include "harness/campaign/resolution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/campaign/progress.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

json cell(int block, const char* form, double cpu, double rate, double p50 = 0) {
  json made = {{"block", block},
               {"status", "ok"},
               {"subject", {{"id", "local"}, {"form", form}}},
               {"point", {{"id", p50 == 0 ? "closed" : "open"}}},
               {"slices", json::array()}};
  made["point"]["rate_per_s"] = p50 == 0 ? 0 : rate;
  // The machine becomes slower from round to round, and one slice was hit by something.
  for (int round = 0; round < 5; ++round) {
    const double slower = (1 + 0.3 * round) * (round == 2 && cpu > 4 ? 20 : 1);
    made["slices"].push_back({{"round", round},
                              {"kept", round != 4},
                              {"operations", 100},
                              {"cpu_ns", 100 * cpu * slower},
                              {"achieved_per_s", rate / slower},
                              {"p50_ns", p50 * slower},
                              {"p99_ns", nullptr}});
  }
  made["slices"].back()["cpu_ns"] = 1e9;
  return made;
}

TEST(mean_ratio, of_one_generation_there_is_none) {
  EXPECT_FALSE(mean_ratio_of({}));
  EXPECT_FALSE(mean_ratio_of({1.1}));
}

TEST(mean_ratio, is_the_mean_of_logs_with_students_interval) {
  const auto found = mean_ratio_of({std::exp(0.01), std::exp(0.02), std::exp(0.03)});
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->share, std::expm1(0.02), 1e-12);
  // 4.303 of Student's t at two degrees of freedom, sd 0.01, three generations.
  EXPECT_NEAR(found->half, std::expm1(4.303 * 0.01 / std::sqrt(3.0)), 1e-12);
  const auto many = mean_ratio_of(std::vector<double>(40, 1.25));
  ASSERT_TRUE(many);
  EXPECT_NEAR(many->share, 0.25, 1e-12);
  EXPECT_NEAR(many->half, 0, 1e-12);
}

TEST(resolution, pairs_the_two_within_generations) {
  resolution twice;
  EXPECT_EQ(twice.text(), "");
  // A drift that both share is no difference.
  for (int block = 0; block < 3; ++block) {
    twice.add(cell(block, "best", 4.0 * (block + 1), 1000));
    twice.add(cell(block, "twin", 4.04 * (block + 1), 990));
    if (block == 0) {
      EXPECT_EQ(twice.text(), "");
    }
  }
  EXPECT_EQ(twice.text(), "local twice differs by CPU 1.0 % ± 0.0 %, rate 1.0 % ± 0.0 %");
}

TEST(resolution, tells_the_widest_point_of_a_metric) {
  resolution twice;
  for (int block = 0; block < 2; ++block) {
    twice.add(cell(block, "best", 4, 1000));
    twice.add(cell(block, "twin", 4, 1000));
    twice.add(cell(block, "best", 4, 500, 100));
    twice.add(cell(block, "twin", block == 0 ? 4.02 : 4.06, 500, 100));
  }
  // The rate is that of the closed point alone, p50 that of the open one; p99 has no number.
  EXPECT_EQ(twice.text(),
            "local twice differs by CPU 1.0 % ± 6.5 %, rate 0.0 % ± 0.0 %, p50 0.0 % ± 0.0 %");
}

TEST(resolution, what_is_not_ok_or_of_another_form_counts_nothing) {
  resolution twice;
  for (int block = 0; block < 3; ++block) {
    twice.add(cell(block, "best", 4, 1000));
    json bad = cell(block, "twin", 8, 1000);
    bad["status"] = "invalid";
    twice.add(bad);
    twice.add(cell(block, "default", 9, 1000));
    twice.add(json::array());
  }
  EXPECT_EQ(twice.text(), "");
}

std::string printed(bool terminal, const std::function<void(progress&)>& use) {
  std::FILE* const file = std::tmpfile();
  progress shown(file, terminal, 0, {60, 60, 60, 60});
  use(shown);
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file))
    text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

void two_generations(progress& shown) {
  for (int block = 0; block < 2; ++block) {
    shown.begin_step("generation 1 of 2, round 1");
    shown.end_step("b0-x", "ok", "", 60);
    shown.end_step("b0-y", block == 0 ? "ok" : "invalid", block == 0 ? "" : "late", 60);
    shown.end_generation(block + 1, 2, block == 0 ? "" : "local twice differs by CPU 1 % ± 1 %");
  }
}

TEST(progress, without_a_terminal_there_is_a_line_a_generation_and_what_is_not_ok) {
  EXPECT_EQ(printed(false, two_generations),
            "generation 1 of 2: 2 min 0 s left\n"
            "4/4 b0-y 60.0 s: invalid (late)\n"
            "generation 2 of 2: local twice differs by CPU 1 % ± 1 %; 0 s left\n");
}

TEST(progress, a_terminal_shows_the_resolution_with_the_next_step) {
  const std::string text = printed(true, [](progress& shown) {
    shown.end_generation(1, 2, "local twice differs by CPU 1 % ± 1 %, rate 1 % ± 1 %");
    shown.begin_step("round 1");
  });
  // As wide as a terminal that does not say how wide it is.
  EXPECT_EQ(text,
            "\r\033[K[..........] round 1, 4 min 0 s left; "
            "local twice differs by CPU 1 % ± 1 %, rat");
}

TEST(progress, text_is_cut_between_characters) {
  EXPECT_EQ(cut_to("1 ± 2", 3), "1 ±");
  EXPECT_EQ(cut_to("1 ± 2", 2), "1 ");
  EXPECT_EQ(cut_to("1 ± 2", 9), "1 ± 2");
  EXPECT_EQ(cut_to("", 3), "");
}

}  // namespace
}  // namespace tailrace::campaign
