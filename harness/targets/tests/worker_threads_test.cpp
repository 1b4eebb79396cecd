// SPDX-License-Identifier: MIT
#include "harness/targets/worker_threads.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tailrace {
namespace {

using list = std::vector<int>;

// On threads of their own: affinity is inherited by later tests otherwise.
TEST(pin_worker, takes_the_ith_cpu_where_there_are_cpus_enough) {
  const list all = inherited_cpus();
  ASSERT_FALSE(all.empty());
  std::thread([&] {
    const auto count = static_cast<int>(all.size());
    pin_worker(all, count, count - 1);
    EXPECT_EQ(inherited_cpus(), list{all.back()});
  }).join();
}

TEST(pin_worker, leaves_the_thread_alone_where_there_are_too_few) {
  const list all = inherited_cpus();
  std::thread([&] {
    pin_worker(all, static_cast<int>(all.size()) + 1, 0);
    pin_worker({}, 1, 0);
    EXPECT_EQ(inherited_cpus(), all);
  }).join();
}

}  // namespace
}  // namespace tailrace
