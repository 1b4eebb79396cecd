// SPDX-License-Identifier: MIT
// For tests that need io_uring: where it is refused they are skipped, and the report says why.
#pragma once

#include <gtest/gtest.h>

#include "runtimes/base/uring/features.hpp"

#define TAILRACE_NEEDS_URING()                                           \
  do {                                                                   \
    if (const auto& kernel = ::tailrace::uring::probe_kernel(); !kernel) \
      GTEST_SKIP() << kernel.error().sentence();                         \
  } while (false)
