// SPDX-License-Identifier: MIT
// A run where the kernel, or the filter of a container, does not know the newer calls.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>

#include "harness/load/tests/load_fixture.hpp"
#include "runtimes/base/uring/tests/seccomp_filter.hpp"

namespace tailrace::load {
namespace {

// In a child: the filter cannot be taken back.
[[noreturn]] void run_where_it_fails(unsigned call, int error, const load_options& options) {
  if (!uring::forbid_call(call, error)) std::exit(77);
  const std::atomic<bool> never_stop{false};
  std::exit(run_load(options, never_stop).clean() ? 0 : 4);
}

TEST(refused_calls, without_epoll_pwait2_the_loop_polls) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const test_server server({});
  load_options options;
  options.connect = {server.address()};
  options.connections = 1;
  options.rate_per_s = 50;
  options.warmup_s = 0;
  options.duration_s = 0.2;
  options.spin = false;
  for (const int error : {ENOSYS, EPERM})
    EXPECT_EXIT(run_where_it_fails(SYS_epoll_pwait2, error, options), testing::ExitedWithCode(0),
                "")
        << error;
}

}  // namespace
}  // namespace tailrace::load
