// SPDX-License-Identifier: MIT
// Each way in which io_uring is refused has its own sentence, and the right one comes.
#include "runtimes/base/uring/refusal.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>

#include "runtimes/base/uring/features.hpp"
#include "runtimes/base/uring/tests/seccomp_filter.hpp"

namespace tailrace::uring {
namespace {

TEST(uring_refusal, tells_the_sysctl_from_a_filter_and_from_a_policy) {
  const refusal nobody = explain(EPERM, {.io_uring_disabled = 2, .filtered = true});
  EXPECT_NE(nobody.cause.find("io_uring_disabled is 2"), std::string::npos);
  EXPECT_NE(nobody.remedy.find("sysctl kernel.io_uring_disabled=0"), std::string::npos);
  const refusal group = explain(EPERM, {.io_uring_disabled = 1, .filtered = false});
  EXPECT_NE(group.cause.find("io_uring_disabled is 1"), std::string::npos);
  const refusal filter = explain(EPERM, {.io_uring_disabled = 0, .filtered = true});
  EXPECT_NE(filter.cause.find("seccomp"), std::string::npos);
  EXPECT_NE(filter.remedy.find("io_uring_setup"), std::string::npos);
  const refusal policy = explain(EPERM, {.io_uring_disabled = -1, .filtered = false});
  EXPECT_NE(policy.cause.find("security policy"), std::string::npos);
}

TEST(uring_refusal, tells_an_old_kernel_from_a_filter) {
  const refusal old = explain(ENOSYS, {.io_uring_disabled = -1, .filtered = false});
  EXPECT_NE(old.cause.find("kernel has no io_uring"), std::string::npos);
  const refusal filter = explain(ENOSYS, {.io_uring_disabled = -1, .filtered = true});
  EXPECT_NE(filter.cause.find("seccomp"), std::string::npos);
}

TEST(uring_refusal, names_limits_and_what_it_does_not_know) {
  EXPECT_NE(explain(ENOMEM, {}).remedy.find("ulimit -l"), std::string::npos);
  EXPECT_NE(explain(EMFILE, {}).remedy.find("ulimit -n"), std::string::npos);
  EXPECT_NE(explain(EIO, {}).cause.find("EIO"), std::string::npos);
  EXPECT_EQ(explain(EIO, {}).error, EIO);
}

// In a child of its own, whose probe meets the filter.
[[noreturn]] void probe_behind_filter(int error) {
  if (!forbid_io_uring(error)) std::fputs("this system lets nobody filter", stderr);
  const auto& kernel = probe_kernel();
  if (!kernel) std::fputs(kernel.error().sentence().c_str(), stderr);
  std::exit(kernel ? 0 : 1);
}

TEST(uring_refusal, a_filter_that_forbids_io_uring_is_named) {
  if (gather_evidence().io_uring_disabled > 0) GTEST_SKIP() << "the sysctl forbids it already";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(probe_behind_filter(EPERM), testing::ExitedWithCode(1),
              "seccomp filter forbids io_uring.*io_uring_setup");
}

TEST(uring_refusal, a_filter_that_hides_io_uring_is_named) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(probe_behind_filter(ENOSYS), testing::ExitedWithCode(1),
              "seccomp filter hides io_uring.*io_uring_setup");
}

}  // namespace
}  // namespace tailrace::uring
