// SPDX-License-Identifier: MIT
// A helper that begins where the kernel knows fewer calls than it does here.
#include "harness/observe/cpu_child.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "runtimes/base/uring/tests/seccomp_filter.hpp"

namespace tailrace::observe {
namespace {

constexpr unsigned patience_s = 20;

// In a child: the filter cannot be taken back.
[[noreturn]] void start_where_close_range_fails(int error) {
  ::alarm(patience_s);
  if (!uring::forbid_call(SYS_close_range, error)) std::exit(77);
  const cpu_child child("tailrace-test", ::sched_getcpu(), SCHED_IDLE, [](const void*) {
    for (;;)
      ::pause();
  });
  std::fputs(child.cause().c_str(), stderr);
  std::exit(child.is_alive() ? 0 : 1);
}

TEST(cpu_child, starts_where_a_kernel_or_a_filter_does_not_know_close_range) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const int error : {ENOSYS, EPERM})
    EXPECT_EXIT(start_where_close_range_fails(error), testing::ExitedWithCode(0), "") << error;
}

}  // namespace
}  // namespace tailrace::observe
