// SPDX-License-Identifier: MIT
#include "harness/targets/cpu_list.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace tailrace {
namespace {

using list = std::vector<int>;

TEST(cpu_list, reads_numbers_and_ranges) {
  EXPECT_EQ(parse_cpu_list("0").value(), (list{0}));
  EXPECT_EQ(parse_cpu_list("0,2-3").value(), (list{0, 2, 3}));
  EXPECT_EQ(parse_cpu_list("3,1,2-3").value(), (list{1, 2, 3}));
}

TEST(cpu_list, refuses_what_is_not_a_list) {
  for (const char* text : {"", ",", "0,", "a", "1-", "-1", "3-2", "0x1", "1 ", "99999", "0-99999",
                           "1-2-3", "99999999999999999999"}) {
    const auto cpus = parse_cpu_list(text);
    ASSERT_FALSE(cpus) << text;
    EXPECT_NE(cpus.error().find("is not a list of CPUs"), std::string::npos);
  }
}

TEST(cpu_list, is_bounded_however_often_ranges_repeat) {
  std::string text = "0-1023";
  for (int i = 0; i < 10000; ++i)
    text += ",0-1023";
  EXPECT_FALSE(parse_cpu_list(text));
}

TEST(cpu_list, is_written_as_ranges) {
  EXPECT_EQ(cpu_list_text({0, 2, 3, 4, 9}), "0,2-4,9");
  EXPECT_EQ(cpu_list_text({}), "");
}

// On a thread of its own: affinity is inherited by later tests otherwise.
TEST(cpu_list, confines_to_a_granted_cpu_and_refuses_an_absent_one) {
  std::thread([] {
    const int here = ::sched_getcpu();
    EXPECT_EQ(confine_process({here}), "");
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
    EXPECT_TRUE(CPU_ISSET(static_cast<unsigned>(here), &set));
    EXPECT_NE(confine_process({1023}).find("cannot all be used here"), std::string::npos);
    EXPECT_NE(confine_process({here, 1023}).find("cannot all be used here"), std::string::npos);
  }).join();
}

TEST(cpu_list, pins_workers_only_where_there_are_cpus_enough) {
  std::thread([] {
    const int here = ::sched_getcpu();
    EXPECT_EQ(pin_worker({here}, 1, 0), here);
    EXPECT_EQ(pin_worker({here}, 2, 0), -1);
    EXPECT_EQ(pin_worker({}, 1, 0), -1);
  }).join();
}

}  // namespace
}  // namespace tailrace
