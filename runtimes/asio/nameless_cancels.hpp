// SPDX-License-Identifier: MIT
// Included by the compiler before all else where Boost.Asio runs over io_uring.
//
// Asio (1.24, in Boost 1.81) prepares a cancel request without setting its user_data, and liburing
// does not clear it: from the 16,385th request on it is that of the operation which used the entry
// before and ended long ago. Asio then completes that one again, its queue breaks, and what should
// end waits for ever. Asio ignores completions whose user_data is null. axboe/liburing issues 690
// and 848 leave this to the caller.
#pragma once

#include <liburing.h>

inline void tailrace_nameless_cancel(io_uring_sqe* request, void* cancelled, int flags) {
  ::io_uring_prep_cancel(request, cancelled, flags);
  ::io_uring_sqe_set_data(request, nullptr);
}

#define io_uring_prep_cancel tailrace_nameless_cancel  // NOLINT(readability-identifier-naming)
