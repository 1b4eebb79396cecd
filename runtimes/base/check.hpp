// SPDX-License-Identifier: MIT
// Checks for our own bugs. TAILRACE_CHECK is always on and aborts with the expression and both
// values; TAILRACE_DCHECK only where TAILRACE_DEBUG is set (debug and sanitizer presets). Any
// thread.
#pragma once

#ifdef TAILRACE_MODEL
#include "runtimes/base/model.hpp"
#endif

#include <cstdio>
#include <cstdlib>

namespace tailrace {

[[noreturn, gnu::cold, gnu::noinline]] inline void check_failed(const char* expression,
                                                                const char* file, int line,
                                                                long long left,
                                                                long long right) noexcept {
#ifdef TAILRACE_MODEL
  model::fail(expression, file, line);  // Ends this execution; the checker reports it.
#endif
  std::fprintf(stderr, "tailrace: %s:%d: check failed: %s (values %lld, %lld)\n", file, line,
               expression, left, right);
  std::abort();
}

}  // namespace tailrace

#define TAILRACE_CHECK_VALUES(condition, left, right)                                        \
  do {                                                                                       \
    if (!(condition)) [[unlikely]]                                                           \
      ::tailrace::check_failed(#condition, __FILE__, __LINE__, static_cast<long long>(left), \
                               static_cast<long long>(right));                               \
  } while (false)

#define TAILRACE_CHECK(condition) TAILRACE_CHECK_VALUES(condition, 0, 0)

#ifdef TAILRACE_DEBUG
#define TAILRACE_DCHECK(condition) TAILRACE_CHECK(condition)
#else
#define TAILRACE_DCHECK(condition) static_cast<void>(0)
#endif
